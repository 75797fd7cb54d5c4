// incident records.
#pragma once

#include <string>

#include "export/eve/envelope.h"
#include "sensor/event/incident.h"

namespace lapwing {

void write_incident_record(std::string& out, RecordTools& tools, const Incident& incident);

}  // namespace lapwing
