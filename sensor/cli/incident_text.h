// Incidents as people read them.
#pragma once

#include <span>
#include <string>

#include "sensor/event/incident.h"

namespace lapwing {

/// "high 71  10.1.2.3  scan, beacon; 12 alerts  TA0007 TA0011  i1234..."
std::string one_line(const Incident& incident);
/// The gravest, on standard error.
void print_incidents(std::span<const Incident> incidents);

}  // namespace lapwing
