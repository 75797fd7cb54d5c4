// Requests: lines of text into commands.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/control/control.h"

namespace lapwing {

/// A request that was read, or what is wrong with it.
struct ControlRequest {
  const ControlCommand* command = nullptr;  // null: see error
  ControlInput input;
  std::string error;
};

/// What a client of Suricata's says first: the version of its protocol.
enum class Hello : uint8_t { none, known, unknown };
/// Any bytes will do.
Hello read_hello(std::string_view text);

/// Any bytes will do.
ControlRequest read_request(std::string_view line, std::span<const ControlCommand> commands);

/// The answer as a line. `message` is JSON text.
std::string answer_line(bool ok, std::string_view message);

}  // namespace lapwing
