// A source of frames that a test has built.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sensor/capture/packet_source.h"
#include "sensor/pipeline/pipeline.h"
#include "tests/support/packet_builder.h"

namespace lapwing::test {

/// Frames at hand. When stopped it has `left` frames that nobody asked for.
class Frames final : public PacketSource {
 public:
  explicit Frames(uint64_t left = 0) : left_(left) {}
  void add(BuiltFrame frame) {
    frame.number = built_.size() + 1;
    built_.push_back(std::make_unique<BuiltFrame>(std::move(frame)));
  }
  void stop_before_the_first(Pipeline& pipeline) { pipeline_ = &pipeline; }

  Result receive(Burst& burst) override {
    burst.count = 0;
    if (stopped_) {
      counters_.unread += std::exchange(left_, 0);
      return Result::end;
    }
    while (next_ < built_.size() && burst.count < kBurst) burst.frames[burst.count++] = *built_[next_++];
    if (pipeline_) pipeline_->stop();
    return burst.count > 0 ? Result::frames : Result::end;
  }
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override { return counters_; }
  std::string_view interface_name(uint16_t) const override { return "wire"; }
  std::span<const CaptureError> errors() const override { return {}; }
  void stop() override { stopped_ = true; }

 private:
  std::vector<std::unique_ptr<BuiltFrame>> built_;
  size_t next_ = 0;
  uint64_t left_;
  bool stopped_ = false;
  Pipeline* pipeline_ = nullptr;
  CaptureCounters counters_;
};

}  // namespace lapwing::test
