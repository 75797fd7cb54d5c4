// The life of findings: what opens, what is told again, and when it is over.
#include "analytics/frame/findings.h"

#include <gtest/gtest.h>

#include "analytics/frame/detector.h"
#include "tests/analytics/frame/told.h"

namespace lapwing::analytics {
namespace {

constexpr Technique kTechniques[] = {{"T1046", "TA0007"}, {"T1018", "TA0007"}};
constexpr About kScan{.name = "scan", .techniques = kTechniques, .idle = 100};
constexpr About kBeacon{.name = "beacon", .techniques = kTechniques, .idle = 100};

class FindingsTest : public testing::Test {
 protected:
  /// Of the second `now`, begun in second 1000.
  Report report(int64_t now, uint64_t count, unsigned confidence = 50, uint32_t techniques = 1) {
    Report out{.key = 7, .subject = "10.0.0.1", .objects = {"10.0.0.2:80"}};
    out.severity = 60;
    out.confidence = static_cast<uint8_t>(confidence);
    out.techniques = techniques;
    out.time = out.last = Timestamp::from_seconds(now);
    out.first = Timestamp::from_seconds(1000);
    out.count = count;
    return out;
  }
  void tell(const About& about, Report report) {
    Findings(book, about).report(std::move(report), [](JsonWriter& json) { json.member("ports", 9); });
  }
  std::vector<FindingState> states() const {
    std::vector<FindingState> out;
    for (const Behaviour& behaviour : told.all) out.push_back(behaviour.state);
    return out;
  }

  using States = std::vector<FindingState>;
  test::Told told;
  FindingBook book{told};
};

TEST_F(FindingsTest, OneThatOnlyGrowsIsToldAgainWhenItHasDoubledAndSomeTimeHasPassed) {
  tell(kScan, report(1001, 10));
  tell(kScan, report(1001 + 600, 19));
  EXPECT_EQ(states(), (States{FindingState::open})) << "not doubled";
  tell(kScan, report(1001 + 601, 20));
  tell(kScan, report(1001 + 602, 1000));
  EXPECT_EQ(states(), (States{FindingState::open, FindingState::updated})) << "too soon";
  EXPECT_EQ(told.all[1].count, 20u);
  EXPECT_EQ(told.all[0].id, told.all[1].id);
  EXPECT_EQ(told.all[1].evidence, R"({"ports":9})");
}

TEST_F(FindingsTest, AnotherLevelOrTechniqueIsToldAtOnce) {
  tell(kScan, report(1001, 10));
  tell(kScan, report(1002, 10, 90));
  tell(kScan, report(1003, 10, 90, 2));
  ASSERT_EQ(states(), (States{FindingState::open, FindingState::updated, FindingState::updated}));
  EXPECT_EQ(told.all[2].attack, (std::vector<Technique>{kTechniques[0], kTechniques[1]})) << "what joined stays";
}

TEST_F(FindingsTest, OneIsOverAfterItsDetectorsIdleTimeAndBeginsAnewUnderAnotherName) {
  tell(kScan, report(1001, 10));
  book.expire(1101);
  EXPECT_EQ(states(), (States{FindingState::open}));
  book.expire(1102);
  ASSERT_EQ(states(), (States{FindingState::open, FindingState::over}));
  EXPECT_EQ(told.all[1].time, Timestamp::from_seconds(1102)) << "when it was over, whenever that is found";
  Report again = report(2000, 3);
  again.first = Timestamp::from_seconds(1999);
  tell(kScan, again);
  EXPECT_EQ(told.all.back().state, FindingState::open);
  EXPECT_NE(told.all.back().id, told.all.front().id);
}

TEST_F(FindingsTest, OneStaysWithTheHostThatItWasToldOf) {
  tell(kScan, report(1001, 10));
  Report other = report(1002, 10, 90);
  other.subject = "10.0.0.9";
  tell(kScan, other);
  book.finish();
  ASSERT_EQ(states(), (States{FindingState::open, FindingState::updated, FindingState::over}));
  for (const Behaviour& behaviour : told.all) EXPECT_EQ(behaviour.subject, "10.0.0.1");
}

TEST_F(FindingsTest, ItsTimesAndCountsArePossibleWhateverItsDetectorForgot) {
  Report back = report(1001, 10);
  back.last = Timestamp::from_seconds(400);
  tell(kScan, back);
  EXPECT_EQ(told.all[0].first, Timestamp::from_seconds(400));
  EXPECT_EQ(told.all[0].last, Timestamp::from_seconds(1000));
  tell(kScan, report(1002, 3, 90));
  EXPECT_EQ(told.all[1].count, 10u);
}

TEST_F(FindingsTest, DetectorsDoNotShareTheirKeys) {
  tell(kScan, report(1001, 10));
  tell(kBeacon, report(1001, 10));
  EXPECT_EQ(states(), (States{FindingState::open, FindingState::open}));
  EXPECT_NE(told.all[0].id, told.all[1].id);
  book.finish();
  EXPECT_EQ(told.all[2].name, "beacon") << "in the order of names";
  EXPECT_EQ(book.counters().open, 0u);
  EXPECT_EQ(book.counters().over, 2u);
}

TEST_F(FindingsTest, AsManyAreOpenAsMayBe) {
  for (uint64_t key = 0; key <= FindingBook::kMostOpen; ++key) {
    Report one = report(1001, 1);
    one.key = key;
    tell(kScan, one);
  }
  EXPECT_EQ(book.counters().opened, FindingBook::kMostOpen);
  EXPECT_EQ(book.counters().findings_max, 1u);
}

TEST_F(FindingsTest, ObjectsAndFlowsAreShownUpToTheirBounds) {
  Report many = report(1001, 1);
  many.objects.assign(100, "10.0.0.9");
  many.flows.assign(100, FlowName{.id = 1});
  tell(kScan, many);
  EXPECT_EQ(told.all[0].objects.size(), FindingBook::kMostObjects);
  EXPECT_EQ(told.all[0].flows.size(), FindingBook::kMostFlows);
  EXPECT_EQ(book.counters().objects_max, 1u);
}

TEST_F(FindingsTest, WhatWasLostWhileItWasOpenIsInItsEvidence) {
  book.lost({100, 5, 0}, {90, 5, 0});
  tell(kScan, report(1001, 10));
  EXPECT_EQ(told.all.back().evidence, R"({"ports":9,"loss":{"kernel_drops":10}})") << "since shortly before";
  book.lost({100, 5, 7}, {100, 5, 7});
  tell(kScan, report(1002, 10, 90));
  EXPECT_EQ(told.all.back().evidence, R"({"ports":9,"loss":{"kernel_drops":10,"shed_above":7}})");
  tell(kBeacon, report(1003, 10));
  EXPECT_EQ(told.all.back().evidence, R"({"ports":9})") << "nothing since";
}

}  // namespace
}  // namespace lapwing::analytics
