#include "signatures/program/search.h"

#include <emmintrin.h>

#include "sensor/base/text.h"

namespace lapwing::rules {

namespace {

bool is_letter(uint8_t c) {
  return c >= 'a' && c <= 'z';
}

bool equal_folded(const uint8_t* text, const uint8_t* lowered, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (lower(text[i]) != lowered[i]) return false;
  }
  return true;
}

bool equal(const uint8_t* text, Bytes needle, bool nocase) {
  return nocase ? equal_folded(text, needle.data(), needle.size())
                : std::memcmp(text, needle.data(), needle.size()) == 0;
}

/// Sixteen positions at a time: those where the byte equals `c`, after setting the bits of `fold`.
__m128i matches_at(const uint8_t* p, __m128i c, __m128i fold) {
  return _mm_cmpeq_epi8(_mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), fold), c);
}

}  // namespace

size_t find_literal(Bytes haystack, Bytes needle, bool nocase) {
  const size_t size = needle.size();
  if (size > haystack.size()) return kNotFound;
  if (size == 0) return 0;
  const uint8_t* text = haystack.data();
  const size_t last = haystack.size() - size;  // last possible start
  const uint8_t head = needle.front(), tail = needle.back();
  const __m128i head_fold = _mm_set1_epi8(nocase && is_letter(head) ? 0x20 : 0);
  const __m128i tail_fold = _mm_set1_epi8(nocase && is_letter(tail) ? 0x20 : 0);
  const __m128i heads = _mm_set1_epi8(static_cast<char>(head)), tails = _mm_set1_epi8(static_cast<char>(tail));

  // First and last byte together leave few positions for the full comparison.
  size_t at = 0;
  for (; at + 15 <= last; at += 16) {
    __m128i both =
        _mm_and_si128(matches_at(text + at, heads, head_fold), matches_at(text + at + size - 1, tails, tail_fold));
    for (auto mask = static_cast<unsigned>(_mm_movemask_epi8(both)); mask != 0; mask &= mask - 1) {
      size_t place = at + static_cast<size_t>(__builtin_ctz(mask));
      if (equal(text + place, needle, nocase)) return place;
    }
  }
  for (; at <= last; at++) {
    if (equal(text + at, needle, nocase)) return at;
  }
  return kNotFound;
}

}  // namespace lapwing::rules
