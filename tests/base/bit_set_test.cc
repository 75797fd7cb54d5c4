#include "sensor/base/bit_set.h"

#include <gtest/gtest.h>

#include <vector>

namespace lapwing {
namespace {

using Set = BitSet<128>;

std::vector<size_t> numbers(const Set& set) {
  std::vector<size_t> out;
  for (size_t number : set) out.push_back(number);
  return out;
}

TEST(BitSet, HoldsNumbersOfEveryWord) {
  Set set;
  EXPECT_TRUE(set.empty());
  EXPECT_TRUE(numbers(set).empty());
  for (size_t number : {127, 64, 63, 0}) set.add(number);
  EXPECT_EQ(numbers(set), (std::vector<size_t>{0, 63, 64, 127}));
  EXPECT_EQ(set.size(), 4u);
  EXPECT_TRUE(set.has(64));
  EXPECT_FALSE(set.has(65));
  set.remove(64);
  EXPECT_FALSE(set.has(64));
  EXPECT_EQ(Set::all().size(), 128u);
  EXPECT_EQ(Set::range(62, 65).size(), 4u);
  EXPECT_EQ(Set::below(65), Set::range(0, 64));
  EXPECT_EQ(Set::below(128), Set::all());
  EXPECT_TRUE(Set::below(0).empty());
}

TEST(BitSet, MeetsJoinsAndLeavesOut) {
  const Set low = Set::range(0, 70), high = Set::range(60, 127);
  EXPECT_EQ(low & high, Set::range(60, 70));
  EXPECT_EQ(low | high, Set::all());
  EXPECT_EQ(low - high, Set::range(0, 59));
  EXPECT_TRUE((low - Set::all()).empty());
}

}  // namespace
}  // namespace lapwing
