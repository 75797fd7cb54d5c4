#include "analytics/shape/survey.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

uint64_t hash_of(uint64_t value) {
  return std::mt19937_64(value)();
}

TEST(Survey, IsExactForFewValues) {
  Survey survey;
  EXPECT_TRUE(survey.empty());
  EXPECT_EQ(survey.sum(), 0u);
  for (int round = 0; round < 3; ++round) {
    for (uint16_t value = 1; value <= 16; ++value) survey.add(hash_of(value), value);
  }
  EXPECT_EQ(survey.count(), 16u);
  EXPECT_EQ(survey.sum(), 136u);
  EXPECT_EQ(survey.sum_of(2), 17u);
}

TEST(Survey, EstimatesTheSumOfMany) {
  constexpr uint64_t kCounts[] = {40, 300, 5000};
  for (uint64_t count : kCounts) {
    double sum = 0, wanted = 0;
    for (uint64_t round = 0; round < 100; ++round) {
      Survey survey;
      for (uint64_t value = 0; value < count; ++value) {
        const auto number = static_cast<uint16_t>(value % 7 * 100);
        survey.add(hash_of(round << 32 | value), number);
        wanted += number;
      }
      sum += static_cast<double>(survey.sum());
    }
    EXPECT_NEAR(sum / wanted, 1, 0.06) << count;
  }
}

TEST(Survey, ValuesThatComeAgainWeighNothing) {
  Survey once, often;
  for (uint64_t value = 0; value < 100; ++value) {
    once.add(hash_of(value), static_cast<uint16_t>(value));
    for (uint64_t i = 0; i < 1 + value % 5 * 100; ++i) often.add(hash_of(value), static_cast<uint16_t>(value));
  }
  EXPECT_EQ(once, often);
}

TEST(Survey, ObeysTheLawOfTheDelta) {
  for (uint64_t distinct : {5, 16, 17, 400}) {
    expect_law_of_delta<Survey>(600, [&](Survey& survey, size_t i) {
      survey.add(hash_of(i % distinct), static_cast<uint16_t>(i % distinct * 3));
    });
  }
}

}  // namespace
}  // namespace lapwing::analytics
