// Text of Microsoft's protocols: UTF-16 whose least byte comes first.
#pragma once

#include <string>

#include "sensor/base/bytes.h"

namespace lapwing {

/// As UTF-8, of at most 3 bytes for 2. What is no character, half a pair or half a unit, is U+FFFD.
std::string utf16_to_utf8(Bytes text);

}  // namespace lapwing
