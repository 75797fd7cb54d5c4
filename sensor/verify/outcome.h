// Outcome: what a run of the pipeline came to, in memory, and what of it does not depend on packets.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sensor/pipeline/pipeline.h"

namespace lapwing::verify {

using Json = nlohmann::json;

struct Outcome {
  std::vector<std::string> records;  // lines, without their ends
  bool broken = false;               // a record did not end with a line, or its entry was out of place
  CounterSet counters;
  std::vector<CaptureError> errors;
};

/// Runs the plan as a replay whose records come to memory; it names no exporters.
Outcome run(Pipeline::Plan plan);

/// Counters of what was given up at a cap or a budget: with them, records depend on how the work was shared and cut.
/// Losses that are the frames' own are not among them.
std::vector<std::string> bounds_hit(const CounterSet& counters);

/// Whether a record tells of the sensor itself, and so of who did the work.
bool of_sensor(const Json& record);
/// What a record says of applications, without what depends on packets: none where it is about packets, flows, or what
/// was concluded from either. Of alerts nothing is left out but what shows the packet.
std::optional<Json> of_applications(Json record);

}  // namespace lapwing::verify
