// Verdicts: what must hold of the records of behaviour, read back in their order.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "tests/hunt/examine.h"

namespace lapwing::hunt {

/// All records of a run, which are JSON: a finding or an incident is open before it goes on and ends, what an incident
/// lists was told, and times and scores are possible.
std::optional<Finding> examine_verdicts(std::span<const std::string> records);

}  // namespace lapwing::hunt
