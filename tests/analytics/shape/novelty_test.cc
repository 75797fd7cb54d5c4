#include "analytics/shape/novelty.h"

#include <gtest/gtest.h>

#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

uint64_t host(uint64_t number) {
  return (number + 1) * 0x9e3779b97f4a7c15;
}

TEST(Novelty, TellsHowRareAndHowOldAValueIs) {
  struct Case {
    uint32_t hosts, active, prevalence;
    int32_t surprise;
  };
  for (const auto& [hosts, active, prevalence, surprise] :
       {Case{1, 100, 1, 106}, {2, 100, 2, 90}, {8, 8, 100, 0}, {4, 1, 100, 0}, {1, 1, 100, 0}, {5, 1000, 0, 122}}) {
    Novelty value;
    for (uint32_t i = 0; i < hosts; ++i) value.add(host(i), 1000 + i);
    const auto judged = value.judge(active, 5000);
    EXPECT_EQ(judged.hosts, hosts);
    EXPECT_EQ(judged.prevalence, prevalence);
    EXPECT_EQ(judged.surprise, surprise);
    EXPECT_EQ(judged.age, 4000U);
    EXPECT_EQ(judged.silence, 4001 - hosts);
  }
  EXPECT_EQ(Novelty().judge(10, 10).hosts, 0U);
}

TEST(Novelty, ObeysTheLawOfTheDelta) {
  expect_law_of_delta<Novelty>(
      300, [](Novelty& sum, size_t i) { sum.add(host(i % 40), static_cast<uint32_t>(7000 + i * 37 % 900)); });
}

}  // namespace
}  // namespace lapwing::analytics
