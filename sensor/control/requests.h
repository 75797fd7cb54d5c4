// Requests: lines of text into commands.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sensor/control/control.h"

namespace lapwing {

/// A request that was read, or what is wrong with it.
struct ControlRequest {
  const ControlCommand* command = nullptr;  // null: see error
  ControlFlags flags;
  std::string error;
};

/// Any bytes will do.
ControlRequest read_request(std::string_view line, std::span<const ControlCommand> commands);

/// The answer as a line. `message` is JSON text.
std::string answer_line(bool ok, std::string_view message);

}  // namespace lapwing
