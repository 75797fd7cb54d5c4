// Bytes on their way into a text: copied with as few steps as their number allows, and as far as JSON takes them as
// they are.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lapwing {

/// Printable ASCII that stands for itself in a JSON string.
constexpr bool is_plain(uint8_t c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

namespace plain {

using Block = int8_t __attribute__((vector_size(16)));

template <class T>
[[gnu::always_inline]] inline T load(const char* from) {
  T out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

/// A bit for each byte that is not plain. From 0x80 on they are below zero.
[[gnu::always_inline]] inline uint32_t others(Block bytes) {
  const Block marks = (bytes < 0x20) | (bytes == 0x7f) | (bytes == '"') | (bytes == '\\');
#ifdef __SSE2__
  return static_cast<uint32_t>(_mm_movemask_epi8(reinterpret_cast<__m128i>(marks)));
#else
  uint32_t out = 0;
  for (size_t i = 0; i < sizeof marks; ++i) out |= static_cast<uint32_t>(marks[i] & 1) << i;
  return out;
#endif
}

/// Copies the first and the last `T` of a range that is at most two of them long.
template <class T>
[[gnu::always_inline]] inline void copy_ends(char* to, const char* from, size_t size) {
  const T first = load<T>(from), last = load<T>(from + size - sizeof(T));
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof(T), &last, sizeof last);
}

[[gnu::always_inline]] inline bool all_plain(const uint64_t (&bytes)[2]) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  return others(block) == 0;
}

}  // namespace plain

/// As memcpy, which for so few bytes costs more to call; returns the end.
inline char* copy_short(char* to, const char* from, size_t size) {
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    plain::copy_ends<plain::Block>(to, from, size);
  } else if (size >= 8) {
    plain::copy_ends<uint64_t>(to, from, size);
  } else if (size >= 4) {
    plain::copy_ends<uint32_t>(to, from, size);
  } else if (size > 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
  return to + size;
}

/// Copies bytes until one is not plain and tells how many it were; of `to` nothing behind `size` is written.
inline size_t copy_plain(char* to, const char* from, size_t size) {
  size_t done = 0;
  if (size >= 16) {
    for (; done + 16 <= size; done += 16) {
      const auto block = plain::load<plain::Block>(from + done);
      std::memcpy(to + done, &block, sizeof block);
      if (const uint32_t others = plain::others(block)) return done + static_cast<size_t>(std::countr_zero(others));
    }
    if (done == size) return size;
    // The last step looks at some bytes again, which are plain.
    const auto block = plain::load<plain::Block>(from + size - 16);
    std::memcpy(to + size - 16, &block, sizeof block);
    const uint32_t others = plain::others(block);
    return others ? size - 16 + static_cast<size_t>(std::countr_zero(others)) : size;
  }
  if (size >= 8) {
    const uint64_t ends[2] = {plain::load<uint64_t>(from), plain::load<uint64_t>(from + size - 8)};
    if (plain::all_plain(ends)) {
      plain::copy_ends<uint64_t>(to, from, size);
      return size;
    }
  } else if (size >= 4) {
    const uint64_t first = plain::load<uint32_t>(from), last = plain::load<uint32_t>(from + size - 4);
    const uint64_t ends[2] = {first | last << 32, first | last << 32};
    if (plain::all_plain(ends)) {
      plain::copy_ends<uint32_t>(to, from, size);
      return size;
    }
  }
  for (; done < size && is_plain(static_cast<uint8_t>(from[done])); ++done) to[done] = from[done];
  return done;
}

}  // namespace lapwing
