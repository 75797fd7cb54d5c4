// The commands that a running sensor takes: Lapwing's own, and those of Suricata's that mean something here.
#pragma once

#include <string>
#include <vector>

#include "sensor/base/setting.h"
#include "sensor/cli/rule_faults.h"
#include "sensor/control/control.h"
#include "sensor/pipeline/pipeline.h"
#include "sensor/pipeline/reloader.h"

namespace lapwing {

/// What commands speak of; all of it lives as long as they may be given. Nobody else reads `root` any more.
struct SensorParts {
  Pipeline& pipeline;
  Reloader& reloader;
  const RuleFaults& faults;
  const Setting& root;
  std::vector<std::string> interfaces;
};

std::vector<ControlCommand> sensor_commands(const SensorParts& parts);

}  // namespace lapwing
