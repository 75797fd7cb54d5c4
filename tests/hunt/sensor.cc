#include "tests/hunt/sensor.h"

#include <stdexcept>

#include "sensor/config/config.h"
#include "sensor/pipeline/losses.h"
#include "signatures/compile/rule_compiler.h"

namespace lapwing::hunt {

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
  const Made& made = identify ? identifying_ : plain_;
  Outcome out{
      verify::run({.config = made.config.get(), .rules = made.rules, .sources = replay_frames(frames, workers)})};
  out.lost = !LossWatch().since_last(out.counters).values().empty();
  return out;
}

}  // namespace lapwing::hunt
