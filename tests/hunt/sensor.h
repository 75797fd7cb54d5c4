// The sensor under the hunt: the pipeline in this process, from frames in memory to records.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/pipeline/sensor_config.h"
#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// What a run came to.
struct Outcome {
  std::vector<std::string> records;  // lines, without their ends
  bool broken = false;               // a record did not end with a line, or its entry was out of place
  CounterSet counters;
  bool lost = false;  // something was given up, and told as a loss
};

/// [S] Configuration and rules, read once.
class Sensor {
 public:
  /// Throws SettingError or std::runtime_error, also when a rule is at fault.
  Sensor(const std::string& configuration, const std::string& rules);
  Outcome run(std::span<const test::BuiltFrame> frames, size_t workers) const;

 private:
  std::unique_ptr<Setting> root_;
  std::unique_ptr<const SensorConfig> config_;
  std::shared_ptr<const RuleSet> rules_;
};

}  // namespace lapwing::hunt
