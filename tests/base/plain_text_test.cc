#include "sensor/base/plain_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lapwing {
namespace {

/// What was copied, of memory that ends where the range does; nothing behind it may have been written.
template <class Copy>
std::string copied(std::string_view text, Copy copy) {
  const std::vector<char> from(text.begin(), text.end());
  std::vector<char> to(text.size() + 16, '#');
  const size_t size = copy(to.data(), from.data(), from.size());
  for (size_t i = text.size(); i < to.size(); ++i) EXPECT_EQ(to[i], '#') << "behind " << text.size();
  return {to.data(), size};
}

std::string letters(size_t size) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out += static_cast<char>('a' + i % 26);
  return out;
}

TEST(PlainTextTest, CopiesEveryLength) {
  for (size_t size = 0; size <= 100; ++size) {
    const std::string text = letters(size);
    EXPECT_EQ(copied(text, [](char* to, const char* from,
                              size_t n) { return static_cast<size_t>(copy_short(to, from, n) - to); }),
              text);
    EXPECT_EQ(copied(text, copy_plain), text);
  }
}

TEST(PlainTextTest, StopsAtEveryByteThatIsNotPlainWhereverItStands) {
  for (int c = 0; c < 256; ++c) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    ASSERT_EQ(is_plain(static_cast<uint8_t>(c)), plain);
    for (size_t size = 1; size <= 50; ++size) {
      for (size_t at = 0; at < size; ++at) {
        std::string text = letters(size);
        text[at] = static_cast<char>(c);
        ASSERT_EQ(copied(text, copy_plain), text.substr(0, plain ? size : at)) << c << " at " << at << " of " << size;
      }
    }
  }
}

TEST(PlainTextTest, StopsAtTheFirstOfSeveral) {
  for (size_t size = 2; size <= 40; ++size) {
    for (size_t at = 0; at + 1 < size; ++at) {
      std::string text = letters(size);
      text[at] = '\n';
      text[size - 1] = '"';
      ASSERT_EQ(copied(text, copy_plain), text.substr(0, at)) << at << " of " << size;
    }
  }
}

}  // namespace
}  // namespace lapwing
