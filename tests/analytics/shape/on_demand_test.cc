#include "analytics/shape/on_demand.h"

#include <gtest/gtest.h>

#include <utility>

namespace lapwing::analytics {
namespace {

struct Large {
  int number = 0;
};

TEST(OnDemandTest, ReadsAsNothingUntilItIsWritten) {
  OnDemand<Large> of;
  EXPECT_EQ(of->number, 0);
  EXPECT_EQ(of.bytes(), 0u) << "reading makes nothing";
  of.make().number = 5;
  EXPECT_EQ(of.bytes(), sizeof(Large));
  of.make();
  EXPECT_EQ(of->number, 5) << "made once";
}

TEST(OnDemandTest, ACopyIsItsOwn) {
  OnDemand<Large> of;
  OnDemand<Large> none = of;
  of.make().number = 5;
  OnDemand<Large> copy = of;
  of.make().number = 6;
  EXPECT_EQ(copy->number, 5);
  EXPECT_EQ(none.bytes(), 0u);
  copy = none;
  EXPECT_EQ(copy.bytes(), 0u);
  const OnDemand<Large> moved = std::move(of);
  EXPECT_EQ(moved->number, 6);
}

}  // namespace
}  // namespace lapwing::analytics
