#include "sensor/base/utf16.h"

#include <gtest/gtest.h>

#include <string_view>

namespace lapwing {
namespace {

using namespace std::string_view_literals;

std::string utf8(std::string_view text) {
  return utf16_to_utf8(to_bytes(text));
}

TEST(Utf16, EveryPlaneIsWrittenAsUtf8) {
  EXPECT_EQ(utf8(""), "");
  EXPECT_EQ(utf8("a\0b\0"sv), "ab");
  EXPECT_EQ(utf8("\xf6\0"sv), "\xc3\xb6");
  EXPECT_EQ(utf8("\xac\x20"), "\xe2\x82\xac");
  EXPECT_EQ(utf8("\x3d\xd8\x00\xde"sv), "\xf0\x9f\x98\x80");
  EXPECT_EQ(utf8("\0\0"sv), "\0"sv);
}

TEST(Utf16, WhatIsNoCharacterIsReplaced) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  EXPECT_EQ(utf8("\x3d\xd8"), kReplacement);                             // half a pair, at the end
  EXPECT_EQ(utf8("\x3d\xd8\x61\0"sv), std::string(kReplacement) + 'a');  // or before something else
  EXPECT_EQ(utf8("\x00\xde"sv), kReplacement);                           // the other half
  EXPECT_EQ(utf8("\x3d\xd8\x3d\xd8\x00\xde"sv), std::string(kReplacement) + "\xf0\x9f\x98\x80");
  EXPECT_EQ(utf8("a\0b"sv), 'a' + std::string(kReplacement));  // half a unit
}

}  // namespace
}  // namespace lapwing
