// Wanted: what of a protocol rules or records look at.
#pragma once

#include <cstdint>

namespace lapwing {

struct Wanted {
  uint32_t frames = 0;   // bits by frame number
  bool contents = true;  // what messages carry, and what is wrong with it: else their bytes are only passed over
};

}  // namespace lapwing
