// engine records: what the sensor did to itself.
#pragma once

#include <string>

#include "export/eve/envelope.h"
#include "export/eve/recorder.h"

namespace lapwing {

void write_engine_record(std::string& out, RecordTools& tools, const EngineNotice& notice);

}  // namespace lapwing
