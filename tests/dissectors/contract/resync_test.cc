#include "dissectors/contract/resync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kEnough = 8;

/// Messages begin "<ab>", with up to four blanks before the b.
Likelihood begins(Bytes bytes) {
  const std::string_view text = to_text(bytes);
  size_t at = 0;
  for (char c : {'<', 'a'}) {
    if (at == text.size()) return Likelihood::more;
    if (text[at++] != c) return Likelihood::no;
  }
  at = text.find_first_not_of(' ', at);
  if (at == text.npos || at + 1 == text.size()) return text.substr(2, 5) == "     " ? Likelihood::no : Likelihood::more;
  return text.substr(at, 2) == "b>" ? Likelihood::sure : Likelihood::no;
}

/// Offers the bytes as the sensor does, in pieces, and tells from where on they are messages; npos where they are not.
struct Search {
  explicit Search(size_t size) : piece(size) {}
  size_t operator()(Resync& resync, std::string_view text, uint64_t offset) {
    std::string held;
    for (size_t at = 0; at < text.size(); at += piece) {
      held += text.substr(at, piece);
      const size_t used = resync.skip({.data = to_bytes(held), .offset = offset}, kEnough, [this](Bytes bytes) {
        looked += bytes.size();
        return begins(bytes);
      });
      offset += used;
      held.erase(0, used);
      if (!resync.lost()) return static_cast<size_t>(std::min(at + piece, text.size()) - held.size());
    }
    return std::string::npos;
  }
  size_t piece;
  uint64_t looked = 0;
};

class Resyncs : public testing::TestWithParam<size_t> {
 protected:
  size_t found(std::string_view text) {
    Resync resync;
    resync.lose();
    return Search(GetParam())(resync, text, 100);
  }
};

TEST_P(Resyncs, GoOnAtTheFirstMessage) {
  EXPECT_EQ(found("<ab>"), 0u);
  EXPECT_EQ(found("junk<ab><ab>"), 4u);
  EXPECT_EQ(found("<a<a<ab>"), 4u);
  EXPECT_EQ(found("<a   <ab>"), 5u);
  EXPECT_EQ(found("<a     b><a    b>"), 9u);
  EXPECT_EQ(found("junk"), std::string::npos);
  EXPECT_EQ(found("junk<a"), std::string::npos);
}

TEST_P(Resyncs, KnowWhereTheMessageEndsThatLostBytes) {
  Resync resync;
  resync.reaches(110);
  resync.lose();
  EXPECT_EQ(Search(GetParam())(resync, "<ab>56789?<ab>", 100), 10u);
  resync.lose();
  EXPECT_EQ(Search(GetParam())(resync, "whatever", 110), 0u) << "all of it was lost, and no more";
  resync.lose();
  EXPECT_EQ(Search(GetParam())(resync, "whatever<ab>", 111), 8u) << "the next one lost bytes too";
}

TEST_P(Resyncs, LookAtEachByteABoundedNumberOfTimes) {
  std::string text;
  while (text.size() < 10'000) text += "<a    ";
  Resync resync;
  resync.lose();
  Search search(GetParam());
  EXPECT_EQ(search(resync, text, 100), std::string::npos);
  EXPECT_LE(search.looked, text.size() * kEnough * 2);
}

INSTANTIATE_TEST_SUITE_P(InPiecesOf, Resyncs, testing::Values(1, 2, 3, 7, 100'000));

TEST(Resync, LooksForTheFirstMessageWhereNoneIsKnown) {
  Resync resync;
  resync.lose();
  EXPECT_EQ(Search(1)(resync, "junk<ab>", 0), 4u);
}

TEST(Resync, LosesNothingUnlessTold) {
  Resync resync;
  EXPECT_EQ(Search(1)(resync, "junk", 0), 0u);
}

}  // namespace
}  // namespace lapwing
