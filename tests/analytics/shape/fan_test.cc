#include "analytics/shape/fan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

TEST(Fan, IsExactToItsSixteenthValueAndNeverForgetsThatThereWereMore) {
  std::mt19937_64 random(1);
  Fan fan;
  EXPECT_TRUE(fan.empty());
  for (uint32_t n = 1; n <= Fan::kExact; ++n) {
    const uint64_t hash = random();
    EXPECT_TRUE(fan.add(hash));
    EXPECT_FALSE(fan.add(hash));
    EXPECT_EQ(fan.count(), n);
    EXPECT_TRUE(fan.exact());
  }
  EXPECT_TRUE(fan.add(random()));
  EXPECT_FALSE(fan.exact());
  EXPECT_GE(fan.count(), 17U);
}

template <size_t Registers>
void expect_errors(uint32_t distinct, double bias, double deviation) {
  std::mt19937_64 random(distinct);
  double sum = 0, squares = 0;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    FanOf<Registers> fan;
    for (uint32_t i = 0; i < distinct; ++i) fan.add(random());
    const double error = fan.count() / static_cast<double>(distinct) - 1;
    sum += error;
    squares += error * error;
  }
  const double mean = sum / kRounds;
  EXPECT_LT(std::abs(mean), bias) << Registers << " registers, " << distinct << " values";
  EXPECT_LT(std::sqrt(squares / kRounds), deviation) << Registers << " registers, " << distinct << " values";
}

TEST(Fan, ErrsByWhatItsRegistersAllowWhateverTheNumber) {
  for (uint32_t distinct : {17, 24, 32, 48, 64, 100, 160, 250, 320, 500, 1000, 10'000, 100'000}) {
    expect_errors<64>(distinct, 0.04, 0.15);
    expect_errors<32>(distinct, 0.05, 0.23);
  }
}

TEST(Fan, EndsAtWhatItCanTellApart) {
  Fan fan;
  for (uint64_t value = 0; value < 1U << 24; ++value) fan.add(value << 40);
  EXPECT_EQ(fan.count(), 1U << 24);
}

TEST(Fan, ObeysTheLawOfTheDeltaOnBothSidesOfExactness) {
  for (size_t count : {0, 1, 5, 15, 16, 17, 18, 40, 1000}) {
    auto value = [](size_t i) { return (i % 700 + 1) * 0x9e3779b97f4a7c15; };
    expect_law_of_delta<Fan>(count, [&](Fan& fan, size_t i) { fan.add(value(i)); });
    expect_law_of_delta<SmallFan>(count, [&](SmallFan& fan, size_t i) { fan.add(value(i)); });
  }
}

TEST(Fan, RegistersSideBySideAreTheLargerOfEach) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Fan a, b, both;
    for (int i = 0; i < 400; ++i) {
      const uint64_t hash = random() >> random() % 3;
      (i % 2 ? a : b).add(hash);
      both.add(hash);
    }
    a.merge(b);
    ASSERT_EQ(a, both);
  }
}

}  // namespace
}  // namespace lapwing::analytics
