// Any bytes inflated, which must be what zlib makes of them: the first byte says what stands in front, and how they and
// what they make are cut.
#include <cstdlib>
#include <string>

#include "tests/dissectors/http/inflated.h"

using namespace lapwing;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // Nothing, a header of gzip, one of zlib; bare blocks.
  static const std::string kHeads[] = {"", std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10), "\x78\x9c", ""};
  const bool bare = data[0] % 4 == 3;
  uint32_t drawn = data[0] >> 2;
  const uint32_t range = drawn % 4 == 0 ? 1 : drawn % 4 == 1 ? 40 : 4000;
  const std::string whole = kHeads[data[0] % 4] + std::string(to_text(Bytes(data + 1, size - 1)));
  const Bytes coded = to_bytes(whole);
  const auto cut = [&](size_t) {
    drawn = drawn * 1664525 + 1013904223;
    return (drawn >> 8) % range + 1;
  };
  const test::Inflated want = test::inflated_by_zlib(coded, bare);
  const bool same =
      test::inflated(coded, bare, [](size_t most) { return most; }) == want && test::inflated(coded, bare, cut) == want;
  if (!same) std::abort();
  return 0;
}
