// RuleReading: reads the rules of a running sensor anew.
#pragma once

#include <memory>
#include <optional>

#include "sensor/cli/configuration.h"

namespace lapwing {

/// Used by one thread at a time: the reloader's while the sensor runs, the main thread's before and after.
class RuleReading {
 public:
  /// `files`: what the rules in force were read from. `config` and `faults`, those of the rules in force, outlive this.
  RuleReading(ConfigurationOptions options, const SensorConfig& config, RuleFiles files, RuleFaults& faults);

  /// Reads the configuration's files, its address and port variables, its tables, thresholds, reputation and feeds of
  /// indicators, and compiles the rules; a feed that cannot be read is told and left as it is. Throws SettingError when
  /// a file cannot be read or a rule file is missing that was not missing before.
  LoadedRules read(const std::atomic<bool>& stop);

  /// The sets of values that the rules in force use.
  const DatasetStore& datasets() const { return *environment_.datasets; }

 private:
  const ConfigurationOptions options_;
  const SensorConfig& config_;
  RuleFaults& faults_;
  RuleFiles files_;
  RuleEnvironment environment_;
};

}  // namespace lapwing
