// incident records.
#pragma once

#include <string>

#include "export/eve/envelope.h"
#include "sensor/event/incident.h"

namespace lapwing {

/// The object "incident" of the record, as a value.
void write_incident_object(JsonWriter& json, const Incident& incident);
void write_incident_record(std::string& out, RecordTools& tools, const Incident& incident);

}  // namespace lapwing
