// behaviour records.
#pragma once

#include <string>

#include "export/eve/envelope.h"
#include "export/record/community_id.h"
#include "sensor/event/behaviour.h"

namespace lapwing {

void write_behaviour_record(std::string& out, RecordTools& tools, CommunityId& ids, const Behaviour& behaviour);

}  // namespace lapwing
