#include "analytics/shape/trial.h"

#include <gtest/gtest.h>

#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

TEST(Bits, OfNumbers) {
  for (auto [number, sixteenths] : {std::pair<uint64_t, int32_t>{0, 0},
                                    {1, 0},
                                    {2, 16},
                                    {3, 25},
                                    {4, 32},
                                    {10, 53},
                                    {99, 106},
                                    {1000, 159},
                                    {UINT64_MAX, 1023}}) {
    EXPECT_EQ(log2_sixteenths(number), sixteenths) << number;
  }
}

struct Step {
  Outcomes outcomes;
  uint32_t second;
  int likelihood;
  Verdict verdict;
};

TEST(Trial, WalksByTheBitsOfEachOutcome) {
  const Step steps[] = {
      {{0, 0, 1}, 100, 32, Verdict::open},
      {{0, 0, 3}, 101, 128, Verdict::open},  // over the threshold, but four bad
      {{0, 0, 4}, 102, 256, Verdict::guilty},
      {{4, 0, 0}, 103, 128, Verdict::guilty},
      {{1, 0, 0}, 104, 96, Verdict::open},
      {{0, 1, 0}, 105, 112, Verdict::guilty},
      {{9, 0, 0}, 106, -106, Verdict::innocent},
      {{90, 0, 0}, 107, -106, Verdict::innocent},
      {{0, 0, 2}, 108, -42, Verdict::open},
      {{0, 0, 100'000}, 109, 32767, Verdict::guilty},
  };
  Trial trial;
  const TrialTest test;
  for (const Step& step : steps) {
    trial.add(step.outcomes, step.second, test);
    EXPECT_EQ(trial.likelihood(), step.likelihood) << step.second;
    EXPECT_EQ(trial.judge(test), step.verdict) << step.second;
  }
  EXPECT_EQ(trial.outcomes(), (Outcomes{104, 1, 65'535}));
}

TEST(Trial, ForgetsByHalvesHoweverOftenItIsAsked) {
  const TrialTest test{.half_life = 1000};
  Trial once, often;
  once.add({0, 3, 10}, 5000, test);
  often.add({0, 3, 10}, 5000, test);
  for (uint32_t second = 5000; second <= 8100; second += 7) often.add({}, second, test);
  once.add({}, 8100, test);
  EXPECT_EQ(once.likelihood(), 368 / 8);
  EXPECT_EQ(often.likelihood(), once.likelihood());
  EXPECT_EQ(often.outcomes(), (Outcomes{0, 0, 1}));
  once.add({0, 0, 1}, 4000, test);
  EXPECT_EQ(once.likelihood(), 368 / 8 + 32) << "one that comes late counts, and moves no clock";
  once.add({}, UINT32_MAX, test);
  EXPECT_EQ(once.likelihood(), 0);

  const TrialTest forever{.half_life = 0};
  Trial kept;
  kept.add({0, 0, 2}, 1, forever);
  kept.add({0, 0, 2}, UINT32_MAX, forever);
  EXPECT_EQ(kept.likelihood(), 128);
}

TEST(Trial, OutcomesObeyTheLawOfTheDelta) {
  expect_law_of_delta<Outcomes>(1000, [](Outcomes& sum, size_t i) {
    sum.merge({static_cast<uint32_t>(i % 3), static_cast<uint32_t>(i % 7), static_cast<uint32_t>(i % 2)});
  });
}

}  // namespace
}  // namespace lapwing::analytics
