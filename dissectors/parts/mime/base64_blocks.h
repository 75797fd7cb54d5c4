// Many characters of base64 at once.
#pragma once

#include <cstddef>

#include "sensor/base/bytes.h"

namespace lapwing::mime {

/// Undoes blocks of 32 characters of the alphabet (RFC 4648 4) at the front, 24 bytes of each, up to one that has
/// anything else. Returns the characters used: none where the processor lacks AVX2. Behind what it writes `to` has room
/// for 8 bytes more.
size_t decode_blocks(Bytes coded, char* to);

/// Undoes 32 characters or more, whole fours. False where one is not of the alphabet, or the processor lacks AVX2: what
/// is written then means nothing. Behind it `to` has room for 8 bytes more.
bool decode_fours(Bytes coded, char* to);

}  // namespace lapwing::mime
