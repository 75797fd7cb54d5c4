// Search for one literal in a buffer.
#pragma once

#include <cstddef>

#include "sensor/base/bytes.h"

namespace lapwing::rules {

inline constexpr size_t kNotFound = static_cast<size_t>(-1);

/// Index of the first occurrence, or kNotFound. With `nocase` ASCII letters match either case, and `needle` must be
/// in lower case.
size_t find_literal(Bytes haystack, Bytes needle, bool nocase);

}  // namespace lapwing::rules
