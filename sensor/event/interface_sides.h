// InterfaceSides: whether an interface shows both sides of connections.
#pragma once

#include <cstdint>

#include "sensor/base/time.h"

namespace lapwing {

/// [G] What led to it: TCP connections within a minute.
struct InterfaceSides {
  Timestamp time;
  uint8_t interface = 0;  // as in FlowRef
  bool one_sided = false;
  uint64_t connections = 0, one_sided_connections = 0;
};

}  // namespace lapwing
