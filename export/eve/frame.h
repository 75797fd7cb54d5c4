// Records of frames, and the object that shows one in an alert.
#pragma once

#include <string>

#include "export/eve/envelope.h"
#include "sensor/event/message_frame.h"

namespace lapwing {

/// The member ("frame":{...}) alone.
void write_frame_member(std::string& out, const EveFrameOptions& options, const MessageFrame& frame);
void write_frame_record(std::string& out, RecordTools& tools, const Envelope& envelope, const MessageFrame& frame);

}  // namespace lapwing
