#include "sensor/base/terminal.h"

#include <gtest/gtest.h>

namespace lapwing {
namespace {

std::string shown(std::string_view text) {
  std::string out;
  append_for_terminal(out, text);
  return out;
}

TEST(Terminal, WhatWritesStaysAsItIs) {
  for (const char* text : {"", "{\"a\":1}\n", "Grüße, 世界 🦆"}) EXPECT_EQ(shown(text), text);
}

TEST(Terminal, WhatSteersIsWrittenOut) {
  EXPECT_EQ(shown("\x1b[2J\r\t\x7f"), "\\u001b[2J\\u000d\\u0009\\u007f");
  EXPECT_EQ(shown("\xc2\x9b"
                  "31m"),
            "\\u009b31m");
  EXPECT_EQ(shown("a\xe2\x80\xae"
                  "b\xe2\x81\xa6"
                  "c\xe2\x80\xa8"),
            "a\\u202eb\\u2066c\\u2028");
}

TEST(Terminal, AWordEndsNoLine) {
  EXPECT_EQ(for_terminal("web\n10.0.0.9  fake\n"), "web\\u000a10.0.0.9  fake\\u000a");
  EXPECT_EQ(for_terminal("\x1b[2J"), "\\u001b[2J");
  EXPECT_EQ(for_terminal("Grüße"), "Grüße");
}

TEST(Terminal, WhatIsNoUtf8IsWrittenOutByteByByte) {
  EXPECT_EQ(shown("\x9b\xff"), "\\u009b\\u00ff");
  EXPECT_EQ(shown("\xc0\x9b"), "\\u00c0\\u009b") << "overlong";
  EXPECT_EQ(shown("\xed\xa0\x80"), "\\u00ed\\u00a0\\u0080") << "surrogate";
  EXPECT_EQ(shown("\xe2\x80"), "\\u00e2\\u0080") << "cut off";
}

}  // namespace
}  // namespace lapwing
