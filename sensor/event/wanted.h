// Wanted: what of a protocol rules or records look at.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lapwing {

inline constexpr size_t kFileBeginning = 512;  // bytes

struct Wanted {
  uint32_t frames = 0;   // bits by frame number
  bool contents = true;  // what messages carry, and what is wrong with it: else their bytes are only passed over
  bool files = true;     // what files hold: else their beginning alone is kept, for what detectors tell programs by
  uint8_t digests = UINT8_MAX;  // of files longer than what is kept of them: bits by file::Algorithm
};

}  // namespace lapwing
