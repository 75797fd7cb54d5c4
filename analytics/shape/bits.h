// Information in sixteenths of a bit: whole numbers, so that sums are the same in any order and on any machine.
#pragma once

#include <bit>
#include <cstdint>

namespace lapwing::analytics {

/// 1/16 bit.
inline constexpr int32_t kBit = 16;

/// log2 of a number in 1/16 bit, rounded down; of 0 as of 1.
constexpr int32_t log2_sixteenths(uint64_t number) {
  if (number == 0) return 0;
  const auto whole = static_cast<int>(std::bit_width(number)) - 1;
  uint64_t mantissa = whole > 31 ? number >> (whole - 31) : number << (31 - whole);  // in [2^31, 2^32)
  int32_t out = whole;
  for (int bit = 0; bit < 4; ++bit) {
    mantissa = mantissa * mantissa >> 31;
    const bool more = mantissa >> 32 != 0;
    if (more) mantissa >>= 1;
    out = out * 2 + more;
  }
  return out;
}

}  // namespace lapwing::analytics
