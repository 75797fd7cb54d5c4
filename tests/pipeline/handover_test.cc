// Where rules change hands.
#include "sensor/pipeline/handover.h"

#include <gtest/gtest.h>

namespace lapwing {
namespace {

TEST(HandoverSlot, AWorkerGivesBackWhatItTook) {
  HandoverSlot slot;
  RuleHandover handover;
  EXPECT_TRUE(slot.back());
  slot.offer(handover);
  EXPECT_FALSE(slot.back());
  EXPECT_EQ(slot.offered(), &handover);
  slot.give_back();
  EXPECT_TRUE(slot.back());
  EXPECT_EQ(slot.offered(), nullptr);
}

TEST(HandoverSlot, AWorkerThatEndedTakesNothing) {
  HandoverSlot slot;
  RuleHandover handover;
  slot.offer(handover);
  slot.close();
  EXPECT_TRUE(slot.back());
  EXPECT_EQ(slot.offered(), nullptr);
}

}  // namespace
}  // namespace lapwing
