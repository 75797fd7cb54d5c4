#include "sensor/base/utc.h"

#include <gtest/gtest.h>

namespace lapwing {
namespace {

TEST(Utc, IsThatOfTheCalendar) {
  EXPECT_EQ(to_utc(0), "1970-01-01T00:00:00");
  EXPECT_EQ(to_utc(1'714'559'999), "2024-05-01T10:39:59");
  EXPECT_EQ(to_utc(951'868'799), "2000-02-29T23:59:59");
  EXPECT_EQ(to_utc(253'402'300'799), "9999-12-31T23:59:59");
  for (const int64_t beyond : {int64_t{-1}, int64_t{253'402'300'800}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(to_utc(beyond), "");
  }
}

}  // namespace
}  // namespace lapwing
