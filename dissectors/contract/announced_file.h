// AnnouncedFile: what a control connection tells of the data connection that carries a file.
#pragma once

#include <cstdint>
#include <string>

#include "sensor/event/chunk.h"
#include "sensor/event/expectation.h"

namespace lapwing {

/// [W] The data connection may begin, and bytes of it come, before the command does that tells what they are.
struct AnnouncedFile : Context {
  bool known = false;  // the command came: the rest is final once the data connection has begun with it
  mutable bool begun = false;
  std::string command;  // in capitals
  std::string name;
  bool listing = false;                        // what comes is no file, and has no name
  uint64_t offset = 0;                         // of its first byte in the whole
  Direction direction = Direction::to_server;  // of the data connection, in which it comes
};

}  // namespace lapwing
