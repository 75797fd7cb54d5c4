#include "dissectors/contract/dotted_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lapwing {
namespace {

TEST(DottedText, ALineWithADotIsFoundBehindOthers) {
  auto until = [](std::string_view text) { return until_dot_line(to_bytes(text)); };
  EXPECT_EQ(until(""), 0u);
  EXPECT_EQ(until(".\n"), 2u) << "it is asked for behind the first line";
  EXPECT_EQ(until("\n.\n"), 1u);
  EXPECT_EQ(until("a.b\r\nc...\r\n.\r\n"), 11u);
  EXPECT_EQ(until("a.\r.\n"), 5u);
}

struct Read {
  std::string text;
  size_t end = 0;  // bytes of the line that ends it
  bool ambiguous = false;
  bool operator==(const Read&) const = default;
};

/// In pieces that grow by `piece` bytes, as long as the text wants more.
Read read(std::string_view wire, size_t piece) {
  DottedText dotted;
  Read out;
  for (size_t used = 0, seen = 0; seen < wire.size() && out.end == 0;) {
    seen = std::min(seen + piece, wire.size());
    const auto taken =
        dotted.read(to_bytes(wire.substr(used, seen - used)), [&](Bytes bytes) { out.text += to_text(bytes); });
    used += taken.used;
    out.end = taken.end;
    out.ambiguous = taken.ambiguous;
  }
  return out;
}

TEST(DottedText, EndsAlikeHoweverItIsCut) {
  const struct {
    std::string_view wire;
    Read expected;
  } kTexts[] = {
      {".\r\nQUIT\r\n", {"", 3, false}}, {"a\r\n..b\r\n.\r\n", {"a\r\n.b\r\n", 3, false}},
      {"a\r\n.\n", {"a\r\n", 2, true}},  {"a\n.\r\n", {"a\n", 3, true}},
      {"\n.\r\n", {"\n", 3, true}},      {"a.\r\n.b\r\n", {"a.\r\nb\r\n", 0, false}},
  };
  for (const auto& [wire, expected] : kTexts) {
    for (size_t piece = 1; piece <= wire.size(); ++piece) EXPECT_EQ(read(wire, piece), expected) << wire << piece;
  }
}

}  // namespace
}  // namespace lapwing
