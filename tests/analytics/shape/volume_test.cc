#include "analytics/shape/volume.h"

#include <gtest/gtest.h>

#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

constexpr uint32_t kHour = 3600, kStart = 400'000 * kHour;

TEST(Volume, ProducersAndConsumers) {
  struct Case {
    Traffic traffic;
    int ratio;
  };
  for (const auto& [traffic, ratio] : {Case{{0, 0}, 0},
                                       {{5, 0}, 1000},
                                       {{0, 5}, -1000},
                                       {{70, 30}, 400},
                                       {{1, 3}, -500},
                                       {{UINT64_MAX, UINT64_MAX}, 0}}) {
    EXPECT_EQ(producer_ratio(traffic), ratio);
  }
}

TEST(Volume, TellsTheHourTheLastHourAndTheUsualOne) {
  Volume volume;
  // A day of browsing: 100 kB out and 900 kB in, every minute.
  for (uint32_t minute = 0; minute < 24 * 60; ++minute) volume.add({100'000, 900'000}, kStart + 60 * minute);
  auto now = volume.judge(kStart + 24 * kHour);
  EXPECT_EQ(now.hour, Traffic{});
  EXPECT_EQ(now.hours, 24);
  EXPECT_EQ(now.usual.out, 6'000'000U);
  EXPECT_EQ(now.usual.in, 54'000'000U);
  EXPECT_NEAR(static_cast<double>(now.recent.out), 6e6, 2e5);
  EXPECT_EQ(now.pcr, -800);
  EXPECT_EQ(now.usual_pcr, -800);
  EXPECT_NEAR(now.out_percent, 100, 3);
  // Then 200 MB out within five minutes.
  for (uint32_t minute = 0; minute < 5; ++minute) volume.add({40'000'000, 200'000}, kStart + 24 * kHour + 60 * minute);
  now = volume.judge(kStart + 24 * kHour + 300);
  EXPECT_EQ(now.hour, (Traffic{200'000'000, 1'000'000}));
  EXPECT_GT(now.pcr, 500);
  EXPECT_EQ(now.usual_pcr, -800);
  EXPECT_GT(now.out_percent, 3000U);
}

TEST(Volume, SilenceIsUsualToo) {
  Volume volume;
  volume.add({1000, 0}, kStart);
  for (auto [hours, usual, known] : {std::tuple<uint32_t, uint64_t, int>{1, 1000, 1},
                                     {2, 500, 2},
                                     {10, 100, 10},
                                     {168, 6, 168},
                                     {1680, 0, 168},
                                     {70'000, 0, 168}}) {
    const auto now = volume.judge(kStart + hours * kHour);
    EXPECT_EQ(now.usual.out, usual) << hours;
    EXPECT_EQ(now.hours, known) << hours;
  }
  EXPECT_EQ(volume.judge(kStart + 2 * kHour).recent.out, 1000U * 133 / 1000) << "of e^-2";
}

TEST(Volume, SumsEndWhereTheyWouldNotFit) {
  Volume volume;
  for (int i = 0; i < 10; ++i) volume.add({UINT64_MAX, UINT64_MAX}, kStart);
  const auto now = volume.judge(kStart + kHour);
  EXPECT_EQ(now.usual.out, uint64_t{1} << 52);
  EXPECT_EQ(now.pcr, 0);
}

TEST(Volume, TrafficObeysTheLawOfTheDelta) {
  expect_law_of_delta<Traffic>(1000, [](Traffic& sum, size_t i) { sum.merge({i * i, i}); });
}

}  // namespace
}  // namespace lapwing::analytics
