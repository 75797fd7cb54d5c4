#include "dissectors/parts/mime/base64_blocks.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace lapwing::mime {

#ifdef __x86_64__
namespace {

/// `value` where the bytes are of the `count` from `first` on.
[[gnu::target("avx2")]] inline __m256i where(__m256i bytes, char first, int count, int value, __m256i& known) {
  const __m256i above = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
  const __m256i within =
      _mm256_cmpeq_epi8(_mm256_min_epu8(above, _mm256_set1_epi8(static_cast<char>(count - 1))), above);
  known = _mm256_or_si256(known, within);
  return _mm256_and_si256(within, _mm256_set1_epi8(static_cast<char>(value)));
}

[[gnu::target("avx2")]] size_t decode_by_avx2(Bytes coded, char* to) {
  size_t used = 0;
  for (; coded.size() - used >= 32; used += 32, to += 24) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(coded.data() + used));
    __m256i known = _mm256_setzero_si256();
    // What turns a character into its value, by the part of the alphabet that it is of.
    __m256i shift = where(bytes, 'A', 26, -'A', known);
    shift = _mm256_or_si256(shift, where(bytes, 'a', 26, 26 - 'a', known));
    shift = _mm256_or_si256(shift, where(bytes, '0', 10, 52 - '0', known));
    shift = _mm256_or_si256(shift, where(bytes, '+', 1, 62 - '+', known));
    shift = _mm256_or_si256(shift, where(bytes, '/', 1, 63 - '/', known));
    if (_mm256_movemask_epi8(known) != -1) break;
    const __m256i values = _mm256_add_epi8(bytes, shift);                                  // of 6 bits
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01'40'01'40));  // of 12
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001'1000));        // of 24
    // The three bytes of each four, the first in front; then both halves' 12 together.
    const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,  //
                                           2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i halves = _mm256_shuffle_epi8(fours, order);
    const __m256i joined = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), joined);
  }
  return used;
}

}  // namespace
#endif

size_t decode_blocks(Bytes coded, char* to) {
#ifdef __x86_64__
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return decode_by_avx2(coded, to);
#endif
  return 0;
}

}  // namespace lapwing::mime
