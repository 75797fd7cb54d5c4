#include "sensor/capture/held_frames.h"

namespace lapwing {
namespace {

/// [W]
class HeldSource final : public PacketSource {
 public:
  HeldSource(std::span<const HeldFrame> frames, size_t worker) : frames_(frames), worker_(worker) {}
  Result receive(Burst& burst) override {
    burst.count = 0;
    while (next_ < frames_.size() && burst.count < kBurst) burst.frames[burst.count++] = frames_[next_++].frame();
    for (Frame& frame : std::span(burst.frames).first(burst.count)) {
      const size_t owner = division_ ? division_->owner(frame) : Division::kEverybody;
      if (owner != Division::kEverybody) frame.claim = owner == worker_ ? Claim::me : Claim::another;
      ++counters_.packets;
      counters_.bytes += frame.data.size();
    }
    return burst.count ? Result::frames : Result::end;
  }
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override { return counters_; }
  std::string_view interface_name(uint16_t) const override { return {}; }
  std::span<const CaptureError> errors() const override { return {}; }
  void stop() override {}

 private:
  std::span<const HeldFrame> frames_;
  size_t worker_;
  size_t next_ = 0;
  CaptureCounters counters_;
};

}  // namespace

std::vector<HeldFrame> read_frames(const std::vector<std::string>& paths, std::vector<CaptureError>& errors) {
  auto source = std::move(open_captures(paths, 1).front());
  std::vector<HeldFrame> out;
  Burst burst;
  while (source->receive(burst) == PacketSource::Result::frames) {
    for (const Frame& frame : burst.view()) {
      out.push_back({.bytes = {frame.data.begin(), frame.data.end()},
                     .link_type = frame.link_type,
                     .wire_length = frame.wire_length,
                     .time = frame.time,
                     .number = frame.number});
    }
    source->release(burst);
  }
  errors.insert(errors.end(), source->errors().begin(), source->errors().end());
  return out;
}

std::vector<std::unique_ptr<PacketSource>> replay_frames(std::span<const HeldFrame> frames, size_t workers) {
  std::vector<std::unique_ptr<PacketSource>> out;
  for (size_t i = 0; i < workers; ++i) out.push_back(std::make_unique<HeldSource>(frames, i));
  return out;
}

}  // namespace lapwing
