#include "dissectors/contract/open.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sensor/event/event.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

struct Call : Transaction {
  std::string text;
  void reset() {
    static_cast<Transaction&>(*this) = {};
    text.clear();
  }
};

TEST(Open, FindsTheOldestOfAKey) {
  Open<Call, uint32_t> open;
  EXPECT_EQ(open.find(7), nullptr);
  Call& first = open.open(7);
  open.open(8);
  Call& again = open.open(7);
  EXPECT_EQ(open.find(7), &first);
  open.close(first);
  EXPECT_EQ(open.find(7), &again);
  EXPECT_EQ(open.find(9), nullptr);
}

TEST(Open, KnowsWhichWasOpenedFirstAndLast) {
  Open<Call> open;
  EXPECT_TRUE(open.empty() && !open.oldest() && !open.latest());
  Call& first = open.open();
  Call& second = open.open();
  Call& third = open.open();
  EXPECT_EQ(open.oldest(), &first);
  EXPECT_EQ(open.latest(), &third);
  open.close(third);
  EXPECT_EQ(open.latest(), &second);
  open.close(first);
  EXPECT_EQ(open.oldest(), &second);
  EXPECT_EQ(open.size(), 1u);
}

TEST(Open, KeepsTheOrderWhicheverIsClosed) {
  Open<Call, int> open;
  std::vector<Call*> calls;
  for (int i = 0; i < 9; ++i) calls.push_back(&open.open(i));
  for (size_t i : {0, 1, 4, 2, 7, 3}) open.close(*calls[i]);
  EXPECT_EQ(open.oldest(), calls[5]);
  EXPECT_EQ(open.latest(), calls[8]);
  EXPECT_EQ(open.find(6), calls[6]);
  EXPECT_EQ(open.find(0), nullptr);
  EXPECT_EQ(open.size(), 3u);
  open.close(*calls[8]);
  EXPECT_EQ(open.latest(), calls[6]);
}

TEST(Open, ClosesTheOldestAtOnceHoweverManyWait) {
  const auto turnover = [](size_t waiting) {
    return test::cost([waiting] {
      Open<Call> open;
      for (size_t i = 0; i < waiting; ++i) open.open();
      for (size_t i = 0; i < 20'000; ++i) {
        open.open();
        open.close(*open.oldest());
      }
    });
  };
  EXPECT_LT(turnover(4000), 10 * turnover(10));
}

TEST(Open, TakesUpAClosedOneWithTheCapacityThatItHas) {
  size_t grown = 0;
  {
    Open<Call> open;
    Call& call = open.open();
    call.text.assign(1000, 'a');
    call.id = 5;
    grown = call.text.capacity();
  }
  Open<Call> open;
  const Call& call = open.open();
  EXPECT_TRUE(call.text.empty());
  EXPECT_EQ(call.id, 0u);
  EXPECT_EQ(call.text.capacity(), grown);
}

}  // namespace
}  // namespace lapwing
