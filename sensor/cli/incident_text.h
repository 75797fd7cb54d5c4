// Incidents as people read them: from the object of their records, whoever wrote it.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "sensor/event/incident.h"

namespace lapwing {

/// The objects "incident" as records have them.
std::vector<nlohmann::json> objects_of(std::span<const Incident> incidents);

/// "high      71  10.1.2.3  scan, beacon; 12 alerts of 3 rules  TA0007 TA0011  i1234..."
std::string one_line(const nlohmann::json& incident);
/// One screen that tells the story in the order of times.
std::string story(const nlohmann::json& incident);
/// The gravest, one a line, behind a heading; nothing when there are none. `incidents`: the gravest first.
std::string summary(std::span<const nlohmann::json> incidents, size_t most);

}  // namespace lapwing
