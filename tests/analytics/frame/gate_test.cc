// Findings that are withheld: what explains them, and what becomes of those that were told before.
#include "analytics/frame/gate.h"

#include <gtest/gtest.h>

#include "analytics/frame/detector.h"
#include "tests/analytics/frame/told.h"

namespace lapwing::analytics {
namespace {

constexpr Technique kDiscovery[] = {{"T1046", "TA0007"}};
constexpr About kExplainedScan{
    .name = "scan", .techniques = kDiscovery, .idle = 100, .explained_by = bit(Role::scanner)};
constexpr About kExplainedBeacon{
    .name = "beacon", .techniques = kDiscovery, .idle = 100, .explained_at = bit(Role::monitor)};

class GateTest : public testing::Test {
 protected:
  static Policy policy() {
    Policy out;
    out.roles.push_back({Role::scanner, Networks({"10.0.0.5"}, nullptr)});
    out.roles.push_back({Role::monitor, Networks({"10.0.0.6"}, nullptr)});
    AllowRow row;
    row.detector = "scan";
    row.subject = HostPattern("10.0.0.7", false);
    row.until = Timestamp::from_seconds(2000);
    row.reason = "known";
    out.allow.push_back(row);
    return out;
  }
  void tell(const About& about, std::string subject, int64_t now = 1000, std::vector<std::string> objects = {}) {
    Report report{.key = std::hash<std::string>()(subject), .subject = std::move(subject)};
    report.objects = std::move(objects);
    report.severity = report.confidence = 60;
    report.time = report.last = Timestamp::from_seconds(now);
    report.first = Timestamp::from_seconds(1000);
    report.count = 1;
    Findings(book, about).report(std::move(report), [](JsonWriter&) {});
  }
  uint64_t counter(std::string_view path) const {
    CounterSet set;
    gate.add_counters(set);
    return set.value(path);
  }

  const Policy kept = policy();
  Gate gate{kept};
  test::Told told;
  FindingBook book{told, &gate};
};

TEST_F(GateTest, ARoleExplainsWhatItsDetectorSaysAndNothingElse) {
  tell(kExplainedScan, "10.0.0.5");
  EXPECT_TRUE(told.all.empty());
  tell(kExplainedScan, "10.0.0.6");
  tell(kExplainedBeacon, "10.0.0.5", 1000, {"198.51.100.7:443"});
  ASSERT_EQ(told.all.size(), 2u) << "a monitor is no scanner, and beacons are not what one does";
  EXPECT_EQ(counter("analytics.explained"), 1u);
  book.finish();
  EXPECT_EQ(told.all.size(), 4u) << "what was never told has no end";
  EXPECT_EQ(book.counters().opened, 2u);
  EXPECT_EQ(book.counters().open, 0u);
}

TEST_F(GateTest, RolesOfObjectsExplainWhereAllHaveThem) {
  tell(kExplainedBeacon, "10.0.0.1", 1000, {"10.0.0.6:8086"});
  EXPECT_TRUE(told.all.empty());
  tell(kExplainedBeacon, "10.0.0.2", 1000, {"10.0.0.6:8086", "198.51.100.7:443"});
  tell(kExplainedBeacon, "10.0.0.3");
  EXPECT_EQ(told.all.size(), 2u);
  EXPECT_EQ(counter("analytics.explained"), 1u);
}

TEST_F(GateTest, AWithheldFindingIsCountedOnceHoweverOftenItIsReported) {
  for (int64_t now = 1000; now < 1050; ++now) tell(kExplainedScan, "10.0.0.7", now);
  EXPECT_TRUE(told.all.empty());
  EXPECT_EQ(counter("analytics.allowed"), 1u);
  EXPECT_EQ(counter("analytics.allow.0.hits"), 1u);
  book.expire(1200);
  tell(kExplainedScan, "10.0.0.7", 1201);
  EXPECT_EQ(counter("analytics.allow.0.hits"), 2u) << "the next one is another";
}

TEST_F(GateTest, OneIsToldWhenItsRowIsOver) {
  tell(kExplainedScan, "10.0.0.7", 1999);
  EXPECT_TRUE(told.all.empty());
  tell(kExplainedScan, "10.0.0.7", 2000);
  ASSERT_EQ(told.all.size(), 1u);
  EXPECT_EQ(told.all[0].state, FindingState::open);
  EXPECT_EQ(told.all[0].first.seconds(), 1000) << "with its past";
}

TEST_F(GateTest, ARoleThatIsLearnedLowersAndHidesNothing) {
  tell(kExplainedScan, "10.0.0.9", 1000);
  gate.roles().learned(*IpAddress::parse("10.0.0.9"), Role::scanner, true);
  tell(kExplainedScan, "10.0.0.9", 1050);
  tell(kExplainedScan, "10.0.0.9", 1099);
  ASSERT_EQ(told.all.size(), 2u);
  EXPECT_EQ(told.all[0].severity, 60);
  EXPECT_EQ(told.all[0].explained_by, "");
  EXPECT_EQ(told.all[1].state, FindingState::updated);
  EXPECT_EQ(told.all[1].severity, FindingBook::kLowered);
  EXPECT_EQ(told.all[1].explained_by, "scanner");
  EXPECT_EQ(counter("analytics.lowered"), 1u);
  EXPECT_EQ(counter("analytics.explained"), 0u);
}

TEST_F(GateTest, WhatIsConfiguredAndWhatIsLearnedExplainTogetherAndLower) {
  gate.roles().learned(*IpAddress::parse("10.0.0.8"), Role::monitor, true);
  tell(kExplainedBeacon, "10.0.0.1", 1000, {"10.0.0.6:8086", "10.0.0.8:8086"});
  ASSERT_EQ(told.all.size(), 1u);
  EXPECT_EQ(told.all[0].explained_by, "monitor");
}

}  // namespace
}  // namespace lapwing::analytics
