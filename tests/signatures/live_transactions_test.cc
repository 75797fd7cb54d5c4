// Which transactions of a flow are live, and whether one may be guessed.
#include <gtest/gtest.h>

#include "signatures/match/live_transactions.h"

namespace lapwing::rules {
namespace {

const Protocol kProtocol{.name = "any"};

class LiveTransactionsTest : public ::testing::Test {
 protected:
  static Event event(Transaction& tx) { return {.protocol = &kProtocol, .tx = &tx}; }
  bool begin(Transaction& tx, const std::string& text = "text") {
    return live.advance(event(tx), true, [&](Direction, LiveTransactions::Shown& shown) { shown.app_layer = text; });
  }

  std::shared_ptr<WaitingBudget> budget = std::make_shared<WaitingBudget>();
  LiveTransactions live{budget};
  Transaction first{.id = 0}, second{.id = 1};
};

TEST_F(LiveTransactionsTest, AreOneWhereTheLatestIsAlone) {
  EXPECT_FALSE(live.one(true));
  begin(first);
  EXPECT_TRUE(live.one(false));
  EXPECT_EQ(live.shown(Direction::to_client).app_layer, "text");
  begin(second);
  EXPECT_FALSE(live.one(false));
  live.end(event(first));
  EXPECT_TRUE(live.one(false));
  EXPECT_FALSE(live.one(true)) << "the first ended in this packet";
  live.settle();
  EXPECT_TRUE(live.one(true));
  EXPECT_EQ(live.latest().tx_id, 1u);
}

TEST_F(LiveTransactionsTest, AreNoneWhereOnlyAnOlderOneIsLeft) {
  begin(first);
  begin(second);
  live.end(event(second));
  live.settle();
  EXPECT_FALSE(live.one(false));
  EXPECT_FALSE(live.one(true));
}

TEST_F(LiveTransactionsTest, StayInMemoryWithinTheBudget) {
  const std::string text(4096, 'x');
  ASSERT_TRUE(begin(first, text));
  EXPECT_GE(budget->used, 2 * text.size());
  live.end(event(first));
  live.settle();
  EXPECT_EQ(budget->used, 0u);
  budget->used = WaitingBudget::kLimit;
  EXPECT_FALSE(begin(second, text));
  EXPECT_FALSE(live.one(false));
  EXPECT_EQ(budget->used, WaitingBudget::kLimit);
}

}  // namespace
}  // namespace lapwing::rules
