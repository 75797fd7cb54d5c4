#include "analytics/shape/learning.h"

#include <gtest/gtest.h>

namespace lapwing::analytics {
namespace {

TEST(Learning, CountsTheTimeThatWasWatched) {
  Learning learning;
  for (uint32_t second : {1000U, 1010U, 1005U, 1010U + Learning::kMostSilence}) learning.pass(second);
  EXPECT_EQ(learning.seen(), 10U + Learning::kMostSilence);
  learning.pass(1'000'000);  // the sensor was away
  learning.pass(1'000'001);
  EXPECT_EQ(learning.seen(), 11U + Learning::kMostSilence);
  EXPECT_EQ(learning.missing(9000), 9000 - learning.seen());
  EXPECT_EQ(learning.missing(3000), 0U);
  EXPECT_EQ(learning.last(), 1'000'001U);

  StateWriter out;
  learning.save(out);
  const auto bytes = out.take();
  StateReader in(bytes);
  Learning again;
  EXPECT_TRUE(again.load(in) && in.done());
  EXPECT_EQ(again.seen(), learning.seen());
  EXPECT_EQ(again.last(), learning.last());
}

TEST(State, NumbersAreLittleEndianAndReadsAreBounded) {
  StateWriter out;
  out.u32(0x01020304);
  out.u8(9);
  out.u32(2);
  const auto bytes = out.take();
  EXPECT_EQ(bytes, (std::vector<uint8_t>{4, 3, 2, 1, 9, 2, 0, 0, 0}));
  StateReader in(bytes);
  EXPECT_EQ(in.u32(), 0x01020304U);
  EXPECT_EQ(in.u8(), 9U);
  EXPECT_EQ(in.count(1), 0U);  // two more bytes there are not
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u64(), 0U);
  EXPECT_TRUE(in.bytes(1).empty());
}

}  // namespace
}  // namespace lapwing::analytics
