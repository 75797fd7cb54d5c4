#include "sensor/base/time.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>
#include <random>

namespace lapwing {
namespace {

std::string by_gmtime(Timestamp time) {
  int64_t second = time.ns / 1'000'000'000 - (time.ns % 1'000'000'000 < 0);
  int64_t fraction = (time.ns % 1'000'000'000 + 1'000'000'000) % 1'000'000'000;
  time_t t = second;
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06d+0000", tm.tm_year + 1900, tm.tm_mon + 1,
                tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, static_cast<int>(fraction / 1000));
  return text;
}

TEST(TimeTest, MicrosecondsAreCutNotRounded) {
  EXPECT_EQ(to_iso8601(Timestamp::from_seconds(0, 999'999'999)), "1970-01-01T00:00:00.999999+0000");
  EXPECT_EQ(to_iso8601(Timestamp::from_seconds(1'714'559'999, 1'000)), "2024-05-01T10:39:59.000001+0000");
  EXPECT_EQ(to_iso8601({}).size(), kIso8601Size);
}

TEST(TimeTest, DaysOnTheEdgeOfTheCalendar) {
  for (int64_t second :
       {-1LL, 0LL, 86'399LL, 86'400LL, 951'782'400LL, 951'868'799LL, 951'868'800LL, 1'709'164'800LL, 1'709'251'199LL,
        1'709'251'200LL, 4'107'542'399LL, 4'107'542'400LL, 9'223'372'036LL, -9'223'372'035LL, -2'203'891'200LL}) {
    EXPECT_EQ(to_iso8601(Timestamp::from_seconds(second)), by_gmtime(Timestamp::from_seconds(second)));
  }
}

TEST(TimeTest, AnyTimeIsWrittenAsGmtimeSays) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    Timestamp time{static_cast<int64_t>(random())};
    ASSERT_EQ(to_iso8601(time), by_gmtime(time)) << time.ns;
  }
  for (int64_t ns : {INT64_MIN, INT64_MIN + 1, INT64_MAX}) EXPECT_EQ(to_iso8601({ns}), by_gmtime({ns})) << ns;
}

TEST(TimeTest, UnitsAndOrder) {
  auto time = Timestamp::from_seconds(3, 500'000'000);
  EXPECT_EQ(time.milliseconds(), 3'500);
  EXPECT_EQ(time.seconds(), 3);
  EXPECT_LT(Timestamp{-1}, Timestamp{0});
}

}  // namespace
}  // namespace lapwing
