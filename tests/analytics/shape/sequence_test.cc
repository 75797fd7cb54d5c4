#include "analytics/shape/sequence.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
/// Stage 1 after 0, stage 2 after 1; stage 3 whenever.
constexpr Sequence<4>::Order kOrder = {0, 0b001, 0b010, 0};

struct Seen {
  size_t stage;
  int64_t second;
};

/// The span of `wanted` within 600 s, when it was first complete; -1: never.
int64_t span(std::vector<Seen> seen, StageSet wanted) {
  Sequence<4> sequence;
  for (const Seen& one : seen) {
    Stages<4> stages;
    stages.add(one.stage, Timestamp::from_seconds(one.second));
    sequence.add(stages, kOrder);
    if (auto found = sequence.judge(wanted, Timestamp::from_seconds(one.second), 600 * kSecond))
      return *found / kSecond;
  }
  return -1;
}

TEST(Sequence, IsAllStagesWithinATimeInOrderWhereThatIsKnown) {
  struct Case {
    std::string_view what;
    std::vector<Seen> seen;
    StageSet wanted;
    int64_t span;
  };
  for (const auto& [what, seen, wanted, expected] : {
           Case{"in order", {{0, 100}, {1, 200}, {2, 300}}, 0b111, 200},
           Case{"out of order", {{0, 100}, {2, 200}, {1, 300}}, 0b111, -1},
           Case{"out of order, then in order", {{2, 90}, {0, 100}, {1, 300}, {2, 400}}, 0b111, 300},
           Case{"too long", {{0, 100}, {1, 200}, {2, 701}}, 0b111, -1},
           Case{"just in time", {{0, 100}, {1, 200}, {2, 700}}, 0b111, 600},
           Case{"the first stage again, in time", {{0, 0}, {0, 500}, {1, 550}, {2, 800}}, 0b111, 300},
           Case{"the first stage again, after the second", {{0, 0}, {1, 5}, {0, 10}, {2, 15}}, 0b111, 15},
           Case{"one whose order nobody knows comes first", {{3, 0}, {0, 10}, {1, 20}}, 0b1011, 20},
           Case{"or last", {{0, 10}, {1, 20}, {3, 60}}, 0b1011, 50},
           Case{"or too early, and again", {{3, 0}, {0, 700}, {3, 750}}, 0b1001, 50},
           Case{"a stage is missing", {{0, 10}, {1, 20}}, 0b1011, -1},
           Case{"nothing is asked for", {{0, 10}}, 0, -1},
       }) {
    EXPECT_EQ(span(seen, wanted), expected) << what;
  }
}

TEST(Sequence, StagesOfOneSecondComeInTheOrderOfTheirTimes) {
  Stages<4> stages;
  stages.add(2, {300});
  stages.add(1, {200});
  stages.add(0, {100});
  stages.add(0, {250});
  Sequence<4> sequence;
  sequence.add(stages, kOrder);
  EXPECT_EQ(sequence.reached(), 0b111);
  EXPECT_EQ(sequence.judge(0b111, {300}, kSecond), 200);

  Stages<4> at_once, backwards;
  for (size_t stage : {2, 1, 0}) at_once.add(stage, {100});
  Sequence<4> together;
  together.add(at_once, kOrder);
  EXPECT_EQ(together.judge(0b111, {100}, kSecond), 0);
  for (size_t stage : {0, 1, 2}) backwards.add(stage, {static_cast<int64_t>(300 - stage)});
  Sequence<4> none;
  none.add(backwards, kOrder);
  EXPECT_EQ(none.reached(), 0b001);
}

TEST(Sequence, FindsWhatSearchingAllPairsOfTimesFinds) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Seen> seen;
    for (int64_t second = 0; second < 12; ++second) seen.push_back({random() % 3, second * 200});
    int64_t expected = -1;  // of the first stage-2 that completes an ordered triple, the shortest one
    for (size_t c = 0; c < seen.size() && expected < 0; ++c) {
      for (size_t a = 0; a < c; ++a) {
        for (size_t b = a + 1; b < c; ++b) {
          const int64_t took = seen[c].second - seen[a].second;
          if (seen[a].stage == 0 && seen[b].stage == 1 && seen[c].stage == 2 && took <= 600) expected = took;
        }
      }
    }
    ASSERT_EQ(span(seen, 0b111), expected) << "round " << round;
  }
}

TEST(Sequence, StagesObeyTheLawOfTheDelta) {
  expect_law_of_delta<Stages<7>>(
      200, [](Stages<7>& sum, size_t i) { sum.add(i % 7, {static_cast<int64_t>(i * 7919 % 1000)}); });
}

}  // namespace
}  // namespace lapwing::analytics
