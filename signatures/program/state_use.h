// What a rule reads and writes of the state that other rules see.
#pragma once

#include <cstdint>
#include <vector>

#include "signatures/program/names.h"

namespace lapwing::rules {

struct StateUse {
  NameKind kind = NameKind::flowbit;
  uint16_t name = 0;
  bool writes = false;
  bool clears = false;  // a write after which there is nothing to be read
};

}  // namespace lapwing::rules
