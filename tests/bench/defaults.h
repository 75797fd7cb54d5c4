// What benchmarks take where nothing is configured: the sensor's configuration, and captures.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

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

/// Files and folders.
inline std::vector<std::string> captures() {
  const char* other = std::getenv("LAPWING_BENCH_CAPTURES");
  return {other ? other : "pcaps"};
}

}  // namespace lapwing
