// The sensor's configuration where nothing is configured.
#pragma once

#include "sensor/pipeline/sensor_config.h"

namespace lapwing {

inline const SensorConfig& config() {
  static Setting root = [] {
    Setting map;
    map.kind = Setting::Kind::map;
    return map;
  }();
  static const auto read = SensorConfig::read(root, {});
  return *read;
}

}  // namespace lapwing
