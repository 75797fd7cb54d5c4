// Decimal digits of whole numbers.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lapwing {

/// Bytes the longest such number needs.
inline constexpr size_t kDecimalSize = 20;

namespace decimal {

/// Two digits of each number below 100.
inline constexpr std::array<std::array<char, 2>, 100> kPairs = [] {
  std::array<std::array<char, 2>, 100> out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  return out;
}();

/// With the zeros before it.
inline void write_four(uint32_t below_10000, char* out) {
  std::memcpy(out, kPairs[below_10000 / 100].data(), 2);
  std::memcpy(out + 2, kPairs[below_10000 % 100].data(), 2);
}

/// Without them, but four bytes are written.
inline char* write_first(uint32_t below_10000, char* out) {
  char digits[4];
  write_four(below_10000, digits);
  uint32_t all;
  std::memcpy(&all, digits, sizeof all);
  const unsigned zeros = (below_10000 < 10) + (below_10000 < 100) + (below_10000 < 1000);
  static_assert(std::endian::native == std::endian::little);
  all >>= zeros * 8;
  std::memcpy(out, &all, sizeof all);
  return out + sizeof all - zeros;
}

}  // namespace decimal

/// Returns the end; of kDecimalSize bytes those behind it may be written, too.
inline char* write_decimal(uint64_t number, char* out) {
  constexpr uint32_t kFour = 10'000, kEight = 100'000'000;
  if (number < kFour) return decimal::write_first(static_cast<uint32_t>(number), out);
  if (number >= kEight) {
    const auto rest = static_cast<uint32_t>(number % kEight);
    out = write_decimal(number / kEight, out);
    decimal::write_four(rest / kFour, out);
    decimal::write_four(rest % kFour, out + 4);
    return out + 8;
  }
  out = decimal::write_first(static_cast<uint32_t>(number / kFour), out);
  decimal::write_four(static_cast<uint32_t>(number % kFour), out);
  return out + 4;
}

}  // namespace lapwing
