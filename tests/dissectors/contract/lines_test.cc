// Lines of a stream, however it is cut.
#include "dissectors/contract/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lapwing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Found = std::vector<std::string>;

/// Its lines, a cut one with "..." behind it; bytes come `step` at once, and what is not used comes again.
Found lines_of(const std::string& stream, size_t limit, size_t step, size_t* looked = nullptr) {
  Lines lines(limit);
  Found out;
  size_t begin = 0;
  for (size_t end = 0; end < stream.size();) {
    end = std::min(end + step, stream.size());
    while (true) {
      const auto taken = lines.take(to_bytes(stream).subspan(begin, end - begin));
      begin += taken.used;
      if (looked) *looked = std::max(*looked, end - begin);
      if (!taken.line) break;
      out.push_back(std::string(taken.line->text) + (taken.line->cut ? "..." : ""));
    }
  }
  return out;
}

TEST(Lines, AreTheSameHoweverTheStreamIsCut) {
  const std::string stream =
      "EHLO me\r\n\r\nbare\na\rb\r\r\ntwelve bytes\r\nthirteen byte\r\na very long one\nlast\r\nopen";
  const Found whole = lines_of(stream, 12, stream.size());
  EXPECT_THAT(whole, ElementsAre("EHLO me", "", "bare", "a\rb\r", "twelve bytes", "thirteen byt...", "a very long ...",
                                 "last"));
  for (size_t step = 1; step < stream.size(); ++step) EXPECT_EQ(lines_of(stream, 12, step), whole) << step;
}

TEST(Lines, OneThatNeverEndsIsCutOnceAndNotKept) {
  size_t most = 0;
  EXPECT_THAT(lines_of(std::string(100'000, 'x'), 100, 10, &most), ElementsAre(std::string(100, 'x') + "..."));
  EXPECT_LE(most, 112u) << "bytes offered again";
}

TEST(Lines, GoOnBehindWhatIsPassedOver) {
  Lines lines(100);
  lines.pass_over();
  const auto first = lines.take(to_bytes("rest of a line\r\nnext\r\n"));
  ASSERT_TRUE(first.line);
  EXPECT_EQ(first.line->text, "next");
  EXPECT_EQ(to_text(first.line->wire), "next\r\n");
  EXPECT_FALSE(lines.take(to_bytes("half")).line);
  lines.begin_anew();
  EXPECT_EQ(lines.take(to_bytes("a\nb")).line->text, "a") << "what was looked at is forgotten";
}

TEST(Lines, OfNothingThereAreNone) {
  EXPECT_THAT(lines_of("", 10, 1), IsEmpty());
}

}  // namespace
}  // namespace lapwing
