#include "sensor/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lapwing {
namespace {

using testing::ElementsAre;

TEST(TextTest, TrimTakesBlanksOfBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(TextTest, LowerCaseIsAsciiOnly) {
  EXPECT_EQ(to_lower("AbZ[`\xc3\x84"), "abz[`\xc3\x84");
  for (int c = 0; c < 256; ++c) {
    bool upper = c >= 'A' && c <= 'Z';
    EXPECT_EQ(lower(static_cast<uint8_t>(c)), upper ? c + 32 : c);
  }
}

TEST(TextTest, CompareWithoutCase) {
  EXPECT_TRUE(equal_nocase("Content-Length", "cOnTeNt-lEnGtH"));
  EXPECT_FALSE(equal_nocase("abc", "abcd"));
  EXPECT_FALSE(equal_nocase("[", "{")) << "differ by the bit that letters differ by";
}

TEST(TextTest, SmallAndCapitalLettersAreEqualWhereverTheyStand) {
  for (size_t size : {1U, 7U, 8U, 9U, 19U}) {
    for (size_t at = 0; at < size; ++at) {
      std::string a(size, 'x'), b(size, 'X');
      for (int one = 0; one < 256; ++one) {
        for (int other = 0; other < 256; ++other) {
          a[at] = static_cast<char>(one);
          b[at] = static_cast<char>(other);
          const bool equal = lower(static_cast<uint8_t>(one)) == lower(static_cast<uint8_t>(other));
          ASSERT_EQ(to_lower(a) == to_lower(b), equal) << one << ' ' << other << " at " << at << " of " << size;
          ASSERT_EQ(equal_nocase(a, b), equal) << one << ' ' << other << " at " << at << " of " << size;
        }
      }
    }
  }
}

TEST(TextTest, Hex) {
  uint8_t bytes[] = {0x00, 0x0f, 0xa0, 0xff};
  EXPECT_EQ(to_hex(bytes), "000fa0ff");
  EXPECT_EQ(to_hex(bytes, ':', true), "00:0F:A0:FF");
  EXPECT_EQ(to_hex({}, ':'), "");
}

TEST(TextTest, Base64HasTheVectorsOfRfc4648) {
  const char* vectors[][2] = {{"", ""},
                              {"f", "Zg=="},
                              {"fo", "Zm8="},
                              {"foo", "Zm9v"},
                              {"foob", "Zm9vYg=="},
                              {"fooba", "Zm9vYmE="},
                              {"foobar", "Zm9vYmFy"}};
  for (auto [plain, coded] : vectors) EXPECT_EQ(to_base64(to_bytes(plain)), coded);
  uint8_t high[] = {0xff, 0xfe, 0xfb};
  EXPECT_EQ(to_base64(high), "//77");
}

TEST(TextTest, UnsignedNumbersAreTheWholeText) {
  EXPECT_EQ(parse_unsigned("0"), 0u);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
  for (auto text : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "18446744073709551616"}) {
    EXPECT_EQ(parse_unsigned(text), std::nullopt) << text;
  }
}

TEST(TextTest, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

}  // namespace
}  // namespace lapwing
