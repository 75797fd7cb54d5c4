// The sensor under the hunt: the pipeline in this process, from frames in memory to records.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/pipeline/sensor_config.h"
#include "sensor/verify/outcome.h"
#include "signatures/program/rule_set.h"
#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

struct Outcome : verify::Outcome {
  bool lost = false;  // something was given up, and told as a loss
};

/// [S] Configuration and rules, read once.
class Sensor {
 public:
  /// Throws SettingError or std::runtime_error, also when a rule is at fault.
  Sensor(const std::string& configuration, const std::string& rules);
  /// `identify`: with nDPI, which costs more to make than all the rest.
  Outcome run(std::span<const test::BuiltFrame> frames, size_t workers, bool identify) const;

 private:
  struct Made {
    std::unique_ptr<Setting> root;
    std::unique_ptr<const SensorConfig> config;
    std::shared_ptr<const RuleSet> rules;
  };
  static Made make(const std::string& configuration, const std::string& rules, bool identify);

  Made plain_, identifying_;
};

}  // namespace lapwing::hunt
