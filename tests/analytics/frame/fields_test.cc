// What was read of an event.
#include "analytics/frame/fields.h"

#include <gtest/gtest.h>

namespace lapwing::analytics {
namespace {

TEST(Readings, AreThoseOfTheFieldsThereWasRoomFor) {
  Readings readings;
  EXPECT_EQ(readings.find(1), nullptr);
  readings.keep(1, Value{.integer = 7});
  readings.keep(2, std::nullopt);
  for (uint64_t more = 3; more < 20; ++more) readings.keep(more, Value{.integer = more});
  ASSERT_NE(readings.find(1), nullptr);
  EXPECT_EQ(readings.find(1)->value().integer, 7U);
  ASSERT_NE(readings.find(2), nullptr);
  EXPECT_FALSE(readings.find(2)->has_value()) << "it was read, and is not there";
  EXPECT_EQ(readings.find(19), nullptr);
  for (uint64_t more = 3; more < 20; ++more) {
    if (const auto* found = readings.find(more)) {
      EXPECT_EQ(found->value().integer, more);
    }
  }
}

}  // namespace
}  // namespace lapwing::analytics
