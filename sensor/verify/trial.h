// Trial: the sensor that a test describes, and the frames that it is shown.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sensor/capture/held_frames.h"
#include "sensor/verify/outcome.h"
#include "sensor/verify/test_case.h"

namespace lapwing::verify {

/// Frames of a test in their order: those it learns from, moved to before the others, and those it is judged by.
struct Reel {
  std::vector<HeldFrame> frames;
  size_t learned = 0;  // how many of the first are only learned from
  Timestamp begin;     // of those that are judged
  std::vector<CaptureError> errors;
};

/// Throws std::runtime_error.
Reel read_reel(const TestCase& test);

/// Configuration and rules are read anew for each run: sets of values that rules fill belong to one. Throws
/// SettingError where they are at fault.
Outcome run_test(const TestCase& test, std::vector<std::unique_ptr<PacketSource>> sources);

/// The records that count, as JSON: what the sensor only learned from is left out. What is no JSON throws.
std::vector<Json> judged_records(std::span<const std::string> records, const Reel* reel);

}  // namespace lapwing::verify
