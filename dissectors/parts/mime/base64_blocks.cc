#include "dissectors/parts/mime/base64_blocks.h"

#include <array>
#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace lapwing::mime {

#ifdef __x86_64__
namespace {

bool has_avx2() {
  static const bool out = __builtin_cpu_supports("avx2");
  return out;
}

using Nibbles = std::array<uint8_t, 16>;

/// What the alphabet (RFC 4648 4) has of the characters with one upper half: '+' and '/', digits, the letters up to O
/// and those from P on, small ones as large ones; nothing of others.
enum Row : uint8_t { kSigns = 1, kDigits = 2, kFront = 4, kBack = 8, kNothing = 16 };
constexpr Nibbles kRows = {kNothing, kNothing, kSigns,   kDigits,  kFront,   kBack,    kFront,   kBack,
                           kNothing, kNothing, kNothing, kNothing, kNothing, kNothing, kNothing, kNothing};
/// The rows that lack the character with a lower half.
constexpr Nibbles kLacking = [] {
  Nibbles out{};
  for (uint8_t low = 0; low < out.size(); ++low) {
    const bool sign = low == 0xb || low == 0xf;
    out[low] = static_cast<uint8_t>(kNothing | (sign ? 0 : kSigns) | (low <= 9 ? 0 : kDigits) |
                                    (low != 0 ? 0 : kFront) | (low <= 0xa ? 0 : kBack));
  }
  return out;
}();
/// What turns a character into its value, by its upper half; of '/' one less.
constexpr Nibbles kShifts = {0, 63 - '/', 62 - '+', 52 - '0', 256 - 'A', 256 - 'A', 256 + 26 - 'a', 256 + 26 - 'a'};

[[gnu::target("avx2")]] inline __m256i look_up(const Nibbles& in, __m256i at) {
  const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), at);
}

/// Undoes 32 characters; false where one is not of the alphabet.
[[gnu::target("avx2")]] inline bool decode_block(const uint8_t* from, char* to) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const __m256i half = _mm256_set1_epi8(0xf);
  const __m256i upper = _mm256_and_si256(_mm256_srli_epi32(bytes, 4), half), lower = _mm256_and_si256(bytes, half);
  if (!_mm256_testz_si256(look_up(kRows, upper), look_up(kLacking, lower))) return false;
  const __m256i is_slash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('/'));  // -1
  const __m256i shift = look_up(kShifts, _mm256_add_epi8(upper, is_slash));
  const __m256i values = _mm256_add_epi8(bytes, shift);                                  // of 6 bits
  const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01'40'01'40));  // of 12
  const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001'1000));        // of 24
  // The three bytes of each four, the first in front; then both halves' 12 together.
  const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,  //
                                         2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m256i halves = _mm256_shuffle_epi8(fours, order);
  const __m256i joined = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), joined);
  return true;
}

[[gnu::target("avx2")]] size_t decode_by_avx2(Bytes coded, char* to) {
  size_t used = 0;
  for (; coded.size() - used >= 32; used += 32, to += 24) {
    if (!decode_block(coded.data() + used, to)) break;
  }
  return used;
}

[[gnu::target("avx2")]] bool decode_fours_by_avx2(Bytes coded, char* to) {
  if (decode_by_avx2(coded, to) != coded.size() / 32 * 32) return false;
  // The last block overlaps the one before, and says the same of what both have.
  return coded.size() % 32 == 0 || decode_block(coded.data() + coded.size() - 32, to + (coded.size() - 32) / 4 * 3);
}

}  // namespace
#endif

size_t decode_blocks(Bytes coded, char* to) {
#ifdef __x86_64__
  if (has_avx2()) return decode_by_avx2(coded, to);
#endif
  return 0;
}

bool decode_fours(Bytes coded, char* to) {
#ifdef __x86_64__
  if (has_avx2()) return decode_fours_by_avx2(coded, to);
#endif
  return false;
}

}  // namespace lapwing::mime
