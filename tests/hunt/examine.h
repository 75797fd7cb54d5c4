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

/// What it is, in a line.
std::string headline(const Finding& finding);

/// Which of the checks to make: the first two run the sensor again, with so many workers.
struct Checks {
  size_t workers = 2;
  bool segmentation = true, identify = true;
};

/// Called with the name of everything that came up: record types, anomalies, signatures, counters.
using Seen = std::function<void(std::string_view)>;

/// Runs in this process, which may not outlive it.
std::optional<Finding> examine(const Sensor& sensor, std::span<const test::BuiltFrame> frames, const Checks& checks,
                               const Seen& seen);

struct Comparison {
  std::optional<Finding> finding;
  bool bounded = false;  // a cap or a budget was hit: what is given up then depends on the sharing and the cutting
};

/// Frames and others that say the same: the records of each must be those of four workers, and of both, what was seen
/// of the applications.
Comparison compare(const Sensor& sensor, std::span<const test::BuiltFrame> frames,
                   std::span<const test::BuiltFrame> others);

}  // namespace lapwing::hunt
