#include "tests/hunt/sensor.h"

#include <algorithm>
#include <stdexcept>

#include "export/outputs/exporter.h"
#include "sensor/config/config.h"
#include "sensor/pipeline/losses.h"
#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"

namespace lapwing::hunt {
namespace {

class Frames final : public PacketSource {
 public:
  Frames(std::span<const test::BuiltFrame> frames, size_t worker) : frames_(frames), worker_(worker) {}
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
  std::span<const test::BuiltFrame> frames_;
  size_t worker_;
  size_t next_ = 0;
  CaptureCounters counters_;
};

class Lines final : public Exporter {
 public:
  explicit Lines(Outcome& outcome) : outcome_(outcome) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      size_t begin = 0;
      for (const auto& entry : batch->entries) {
        if (entry.end <= begin || entry.end > batch->text.size() || batch->text[entry.end - 1] != '\n') {
          outcome_.broken = true;
          break;
        }
        outcome_.records.push_back(batch->text.substr(begin, entry.end - 1 - begin));
        begin = entry.end;
      }
      outcome_.broken |= begin != batch->text.size();
    }
  }
  void flush() override {}
  ExporterCounters counters() const override { return {}; }
  ExporterLabel label() const override { return {"lines", "memory"}; }

 private:
  Outcome& outcome_;
};

}  // namespace

Sensor::Sensor(const std::string& configuration, const std::string& rules)
    : plain_(make(configuration, rules, false)), identifying_(make(configuration, rules, true)) {}

Sensor::Made Sensor::make(const std::string& configuration, const std::string& rules, bool identify) {
  Made out{.root = read_yaml(configuration)};
  set_value(*out.root, std::string("ndpi.enabled=") + (identify ? "yes" : "no"));
  out.config = SensorConfig::read(*out.root, {});
  std::vector<RuleMessage> messages;
  RuleCompiler compiler(out.config->rules, out.config->detect, messages);
  read_rules(rules, messages, [&](const RuleTree& tree) { compiler.add(tree); });
  out.rules = compiler.finish();
  const RuleCounts counts = out.rules->counts();
  if (counts.failed + counts.skipped == 0 && counts.loaded > 0) return out;
  throw std::runtime_error(messages.empty() ? rules + ": no rules"
                                            : to_string(messages.front().mark) + ": " + messages.front().text);
}

Outcome Sensor::run(std::span<const test::BuiltFrame> frames, size_t workers, bool identify) const {
  Outcome out;
  const Made& made = identify ? identifying_ : plain_;
  Pipeline::Plan plan{.config = made.config.get(), .rules = made.rules};
  for (size_t i = 0; i < workers; ++i) plan.sources.push_back(std::make_unique<Frames>(frames, i));
  plan.exporters.push_back(std::make_unique<Lines>(out));
  out.counters = Pipeline(std::move(plan)).run(nullptr).counters;
  out.lost = !LossWatch().since_last(out.counters).values().empty();
  return out;
}

}  // namespace lapwing::hunt
