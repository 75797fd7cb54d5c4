#include "sensor/cli/rule_reading.h"

#include <algorithm>

namespace lapwing {

RuleReading::RuleReading(ConfigurationOptions options, const SensorConfig& config, RuleFiles files, RuleFaults& faults)
    : options_(std::move(options)),
      config_(config),
      faults_(faults),
      files_(std::move(files)),
      environment_(config.rules) {}

LoadedRules RuleReading::read(const std::atomic<bool>& stop) {
  const auto root = options_.read();
  RuleFiles files = find_rule_files(options_.rule_files, *root);
  for (const std::string& path : files.missing) {
    // One that has never been there is what the start accepted too.
    if (std::ranges::find(files_.missing, path) == files_.missing.end()) {
      throw SettingError({path}, "no such rule file");
    }
  }
  auto environment = std::make_shared<RuleEnvironment>(next_rule_environment(*root, environment_));
  LoadedRules out = compile_rules(files.paths, *environment, config_.detect, stop);
  analytics::Reread behaviour = config_.analytics.reread(option_source(*root));
  out.accepted = [this, environment, files, messages = out.messages, adopt = std::move(behaviour.adopt)] {
    environment_ = std::move(*environment);
    files_ = files;
    faults_.take(messages);
    adopt();
  };
  for (std::string& fault : behaviour.faults) {
    out.messages.push_back({RuleMessage::Level::error, {}, 0, {}, std::move(fault)});
  }
  return out;
}

}  // namespace lapwing
