// Examine: what must hold of whatever the sensor makes of any frames.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "tests/hunt/sensor.h"

namespace lapwing::hunt {

struct Finding {
  std::string kind;   // "crash", "hang", "invalid record", ...: names files
  std::string place;  // file and line, or what else tells it from others of its kind; may be empty
  std::string text;
};

/// Which of the checks to make: the first two run the sensor again.
struct Checks {
  bool segmentation = true, workers = true, identify = true;
};

/// Called with the name of everything that came up: record types, anomalies, signatures, counters.
using Seen = std::function<void(std::string_view)>;

/// Runs in this process, which may not outlive it.
std::optional<Finding> examine(const Sensor& sensor, std::span<const test::BuiltFrame> frames, const Checks& checks,
                               const Seen& seen);

}  // namespace lapwing::hunt
