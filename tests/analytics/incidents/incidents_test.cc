// Which findings and alerts become an incident, what it scores, and what it is linked to.
#include "analytics/incidents/incidents.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lapwing::analytics {
namespace {

constexpr int64_t kStart = 1'700'000'000;

struct Told : IncidentSink {
  void incident(const Incident& incident) override { all.push_back(incident); }
  std::vector<Incident> all;
};

constexpr Technique kScan{"T1046", "TA0007"}, kBeacon{"T1071.001", "TA0011"}, kLateral{"T1021", "TA0008"};

class IncidentsTest : public testing::Test {
 protected:
  IncidentsTest() { surroundings.internal = Networks({"10.0.0.0/8"}, nullptr); }

  void find(std::string_view detector, std::string_view subject, int64_t second, Technique technique,
            unsigned severity = 60, std::vector<std::string> objects = {"198.51.100.7:443"},
            FindingState state = FindingState::open) {
    Behaviour behaviour{.id = std::string(detector) + std::string(subject), .name = detector, .state = state};
    behaviour.subject = subject;
    behaviour.objects = std::move(objects);
    behaviour.severity = static_cast<uint8_t>(severity);
    behaviour.confidence = 80;
    behaviour.time = behaviour.first = behaviour.last = Timestamp::from_seconds(kStart + second);
    behaviour.attack = {technique};
    incidents.take(behaviour);
  }
  void over(std::string_view detector, std::string_view subject, int64_t second) {
    find(detector, subject, second, kBeacon, 60, {"198.51.100.7:443"}, FindingState::over);
  }
  void alert(std::string_view actor, std::string_view victim, int64_t second, uint64_t count = 1,
             unsigned severity = 65, uint32_t sid = 1) {
    AlertSums sums;
    RuleInfo rule;
    rule.sid = sid;
    rule.severity = severity == 65 ? 1 : 3;
    for (uint64_t i = 0; i < count; ++i) {
      sums.add({rule, Timestamp::from_seconds(kStart + second), *IpAddress::parse(actor), *IpAddress::parse(victim)});
    }
    incidents.take(sums);
  }

  IncidentConfig config = read_options<IncidentConfig>(Setting{}, incident_options());
  Surroundings surroundings;
  Told told;
  Incidents incidents{config, surroundings, told};
};

TEST_F(IncidentsTest, WhatIsWeakWaitsAndJoinsWhenMoreComes) {
  find("scan", "10.0.0.1", 0, kScan, 30);
  EXPECT_TRUE(told.all.empty()) << "24 of 100";
  find("beacon", "10.0.0.1", 100, kBeacon, 30);
  ASSERT_EQ(told.all.size(), 1u);
  EXPECT_EQ(told.all[0].findings.size(), 2u) << "with its past";
  EXPECT_EQ(told.all[0].first.seconds(), kStart);
  EXPECT_EQ(told.all[0].state, IncidentState::open);
  EXPECT_GT(told.all[0].score, 40u) << "a second tactic adds more than its own";
}

TEST_F(IncidentsTest, RepeatsOfOneTechniqueDoNotRaiseTheScore) {
  alert("10.0.0.1", "198.51.100.1", 0);
  alert("10.0.0.1", "198.51.100.1", 100, 100);
  EXPECT_EQ(told.all.front().score, 45u);
  EXPECT_EQ(told.all.back().score, 45u);
  EXPECT_EQ(told.all.back().alerts_total, 101u);
  EXPECT_EQ(incidents.counters().input, 101u);
  EXPECT_EQ(incidents.counters().opened, 1u);
}

TEST_F(IncidentsTest, AFindingIsWeighedOnceHoweverManyTechniquesItNames) {
  Behaviour behaviour{.id = "b1", .name = "dns-tunnel"};
  behaviour.subject = "10.0.0.1";
  behaviour.objects = {"lab.example"};
  behaviour.severity = 80;
  behaviour.confidence = 60;
  behaviour.time = behaviour.first = behaviour.last = Timestamp::from_seconds(kStart);
  behaviour.attack = {{"T1071.004", "TA0011"}, {"T1572", "TA0011"}};
  incidents.take(behaviour);
  ASSERT_EQ(told.all.size(), 1u);
  EXPECT_EQ(told.all[0].score, 48u);
  EXPECT_EQ(told.all[0].attack.size(), 2u);
}

TEST_F(IncidentsTest, HostsAreCalledAsTheInventoryKnowsThem) {
  incidents.known(*IpAddress::parse("10.0.0.1"), {.name = "anna-pc", .station = "02:00:00:00:00:01", .user = "anna"});
  incidents.known(*IpAddress::parse("10.0.0.2"), {.name = "files"});
  find("lateral", "10.0.0.1", 0, kLateral, 90, {"10.0.0.2:445", "10.0.0.3:445"});
  ASSERT_EQ(told.all.size(), 1u);
  EXPECT_EQ(told.all[0].host.name, "anna-pc");
  EXPECT_EQ(told.all[0].host.user, "anna");
  ASSERT_EQ(told.all[0].objects.size(), 2u);
  EXPECT_EQ(told.all[0].objects[0].host, "files");
  EXPECT_EQ(told.all[0].objects[1].host, "");
}

TEST_F(IncidentsTest, WhatBecameKnownLastIsNamedWhereThereAreTooMany) {
  for (uint32_t i = 0; i <= Incidents::kMostHosts; ++i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    incidents.known(IpAddress::v4(bytes), {.name = "host" + std::to_string(i)});
  }
  EXPECT_EQ(incidents.counters().hosts_max, 1u);
  find("lateral", "10.1.0.0", 0, kLateral, 90, {"10.0.0.0:445", "10.0.0.1:445"});
  ASSERT_EQ(told.all.size(), 1u);
  EXPECT_EQ(told.all[0].host.name, "host65536");
  EXPECT_EQ(told.all[0].objects[0].host, "");
  EXPECT_EQ(told.all[0].objects[1].host, "host1");
}

TEST_F(IncidentsTest, TheScoreIsWeighedByHowMuchTheHostMatters) {
  for (const auto& [address, criticality] :
       {std::pair("10.0.0.1", "low"), {"10.0.0.2", "normal"}, {"10.0.0.3", "high"}}) {
    incidents.known(*IpAddress::parse(address), {.criticality = criticality});
    alert(address, "198.51.100.1", 0);
  }
  alert("10.0.0.4", "198.51.100.1", 0);
  ASSERT_EQ(told.all.size(), 4u);
  EXPECT_EQ(told.all[0].score, 36u);
  EXPECT_EQ(told.all[1].score, 45u);
  EXPECT_EQ(told.all[2].score, 56u);
  EXPECT_EQ(told.all[3].score, 45u) << "nothing is known of it";
  incidents.known(*IpAddress::parse("10.0.0.4"), {.criticality = "high"});
  incidents.finish();
}

TEST_F(IncidentsTest, WhatComesFromOutsideWithoutEffectIsBackground) {
  for (int i = 1; i < 20; ++i) alert("198.51.100." + std::to_string(i), "10.0.0." + std::to_string(i), i);
  EXPECT_TRUE(told.all.empty());
  incidents.finish();
  ASSERT_EQ(told.all.size(), 1u) << "one for the network and the day";
  EXPECT_TRUE(told.all[0].background);
  EXPECT_EQ(told.all[0].level, FindingLevel::info);
  EXPECT_EQ(told.all[0].alerts_total, 19u);
}

TEST_F(IncidentsTest, AFindingEndsWhereItBeganWhateverItsTimesAndTargetsBecome) {
  Behaviour behaviour{.id = "b1", .name = "scan", .subject = "198.51.100.1", .severity = 60, .confidence = 80};
  behaviour.time = behaviour.first = behaviour.last = Timestamp::from_seconds(kStart);
  behaviour.dest = *IpAddress::parse("10.0.0.1");
  behaviour.attack = {kScan};
  incidents.take(behaviour);
  behaviour.state = FindingState::over;
  behaviour.dest = *IpAddress::parse("10.0.9.1");
  behaviour.first = Timestamp::from_seconds(kStart - 86'400);
  incidents.take(behaviour);
  EXPECT_EQ(incidents.counters().background, 1u);
  incidents.expire(kStart + 3 * 86'400);
  ASSERT_EQ(told.all.size(), 1u) << "nothing of it lives on";
  EXPECT_EQ(told.all[0].reason, "quiet");
  EXPECT_EQ(told.all[0].findings_total, 1u);
}

TEST_F(IncidentsTest, WhatGoesOnBehindAClosedIncidentCountsInTheNext) {
  find("beacon", "10.0.0.1", 0, kBeacon);
  ASSERT_EQ(told.all.size(), 1u);
  ASSERT_TRUE(incidents.close(told.all[0].id, "benign"));
  find("beacon", "10.0.0.1", 700, kBeacon, 60, {"198.51.100.7:443"}, FindingState::updated);
  EXPECT_EQ(told.all.back().state, IncidentState::open);
  EXPECT_EQ(told.all.back().findings.size(), 1u);
  EXPECT_EQ(told.all.back().findings_total, 1u);
}

TEST_F(IncidentsTest, WhoeverActsAfterItWasAttackedIsLinked) {
  find("lateral", "10.0.0.1", 0, kLateral, 90, {"10.0.0.2:445"});
  find("beacon", "10.0.0.2", 1000, kBeacon, 70);
  ASSERT_EQ(told.all.size(), 2u);
  ASSERT_EQ(told.all[1].links.size(), 1u);
  EXPECT_EQ(told.all[1].links[0].incident, told.all[0].id);
  EXPECT_EQ(told.all[1].links[0].kind, "spread_from");
  EXPECT_EQ(told.all[1].campaign, told.all[0].id);
}

TEST_F(IncidentsTest, ButNotWhoeverActedBefore) {
  find("beacon", "10.0.0.2", 0, kBeacon, 70);
  find("lateral", "10.0.0.1", 1000, kLateral, 90, {"10.0.0.2:445"});
  for (const Incident& incident : told.all) EXPECT_TRUE(incident.links.empty()) << incident.subject;
}

TEST_F(IncidentsTest, FewWhoUseTheSameThingOutsideAreLinked) {
  find("beacon", "10.0.0.1", 0, kBeacon);
  find("beacon", "10.0.0.2", 10, kBeacon);
  ASSERT_EQ(told.all.size(), 2u);
  ASSERT_EQ(told.all[1].links.size(), 1u);
  EXPECT_EQ(told.all[1].links[0].kind, "shares");
}

TEST_F(IncidentsTest, SilenceClosesIt) {
  find("beacon", "10.0.0.1", 0, kBeacon);
  over("beacon", "10.0.0.1", 0);
  incidents.expire(kStart + 14'400);
  EXPECT_EQ(told.all.back().state, IncidentState::open);
  incidents.expire(kStart + 14'401 + 60);
  EXPECT_EQ(told.all.back().state, IncidentState::closed);
  EXPECT_EQ(told.all.back().time.seconds(), kStart + 14'400);
  EXPECT_EQ(incidents.counters().open, 0u);
}

/// A beacon of a day's period is silent for longer than incidents are.
TEST_F(IncidentsTest, ItIsOpenAsLongAsAFindingOfItLives) {
  find("beacon", "10.0.0.1", 0, kBeacon);
  incidents.expire(kStart + 86'000);
  find("beacon", "10.0.0.1", 86'100, kBeacon, 60, {"198.51.100.7:443"}, FindingState::updated);
  EXPECT_EQ(incidents.counters().opened, 1u) << "what goes on is no other";
  over("beacon", "10.0.0.1", 172'600);
  EXPECT_EQ(incidents.counters().opened, 1u) << "nor is its end";
  incidents.expire(kStart + 172'600 + 14'500);
  EXPECT_EQ(told.all.back().state, IncidentState::closed);
  EXPECT_EQ(told.all.back().time.seconds(), kStart + 172'600 + 14'400);
  EXPECT_EQ(incidents.counters().opened, 1u);
}

/// A weak finding that lives is remembered with its subject.
TEST_F(IncidentsTest, WhatIsWeakIsRememberedAsLongAsItLives) {
  find("scan", "10.0.0.1", 0, kScan, 30);
  incidents.expire(kStart + 3 * 86'400);
  find("beacon", "10.0.0.1", 3 * 86'400 + 10, kBeacon, 30);
  ASSERT_EQ(told.all.size(), 1u);
  EXPECT_EQ(told.all[0].findings.size(), 2u);
}

TEST_F(IncidentsTest, ANameAndItsAddressAreOneObject) {
  find("beacon", "10.0.0.1", 0, kBeacon, 60, {"c2.example", "198.51.100.7:443"});
  find("beacon", "10.0.0.2", 0, kBeacon, 60, {"203.0.113.7:443", "203.0.113.8:443"});
  ASSERT_EQ(told.all.size(), 2u);
  EXPECT_EQ(told.all[0].score, 48u);
  EXPECT_EQ(told.all[0].attack.at(0).count, 1u);
  EXPECT_EQ(told.all[0].objects.size(), 2u) << "both are shown";
  EXPECT_EQ(told.all[1].attack.at(0).count, 2u);
}

/// Sixteen targets of one scan make it no worse than its confidence says; sixteen scans are.
TEST_F(IncidentsTest, AFindingIsWeighedByItselfHoweverManyObjectsItHas) {
  std::vector<std::string> targets;
  for (int i = 0; i < 16; ++i) targets.push_back("10.0.1." + std::to_string(i));
  find("scan", "10.0.0.1", 0, kScan, 30, targets);
  EXPECT_TRUE(told.all.empty()) << "24 of 100";
  for (const std::string& target : targets) find("scan", "10.0.0.2", 0, kScan, 30, {target});
  ASSERT_FALSE(told.all.empty());
  EXPECT_EQ(told.all.front().subject, "10.0.0.2");
}

TEST_F(IncidentsTest, TheNextOfASubjectNamesTheLastWithinAWeek) {
  constexpr int64_t kDay = 86'400;
  find("beacon", "10.0.0.1", 0, kBeacon);
  over("beacon", "10.0.0.1", 0);
  incidents.expire(kStart + kDay);
  const std::string first = told.all.back().id;
  find("beacon", "10.0.0.1", 6 * kDay, kBeacon);
  EXPECT_EQ(told.all.back().previous, first);
  EXPECT_NE(told.all.back().id, first);
  find("beacon", "10.0.0.2", 6 * kDay, kBeacon, 60, {"198.51.100.8:443"});
  EXPECT_EQ(told.all.back().previous, "") << "another subject";
  for (const char* host : {"10.0.0.1", "10.0.0.2"}) over("beacon", host, 6 * kDay);
  incidents.expire(kStart + 7 * kDay);
  find("beacon", "10.0.0.1", 15 * kDay, kBeacon);
  EXPECT_EQ(told.all.back().state, IncidentState::open);
  EXPECT_EQ(told.all.back().previous, "") << "more than a week later";
}

TEST_F(IncidentsTest, APersonClosesOneThatIsOpen) {
  find("scan", "10.0.0.2", 0, kScan, 30);
  find("beacon", "10.0.0.1", 0, kBeacon);
  const std::string id = told.all.back().id;
  incidents.expire(kStart + 100);
  EXPECT_FALSE(incidents.close("i0", kFalsePositive));
  EXPECT_TRUE(incidents.close(id, kFalsePositive));
  EXPECT_EQ(told.all.back().state, IncidentState::closed);
  EXPECT_EQ(told.all.back().reason, "false-positive");
  EXPECT_EQ(told.all.back().time.seconds(), kStart + 100);
  EXPECT_FALSE(incidents.close(id, kFalsePositive)) << "once";
  EXPECT_EQ(incidents.counters().closed, 1u);
  EXPECT_EQ(incidents.counters().open, 0u);
  over("beacon", "10.0.0.1", 150);
  EXPECT_EQ(incidents.counters().opened, 1u) << "the end of what was closed opens nothing";
  find("beacon", "10.0.0.1", 200, kBeacon);
  EXPECT_EQ(told.all.back().previous, id) << "what goes on is another that names it";
}

TEST_F(IncidentsTest, BackgroundIsAnIncidentWhenOneOfItsTargetsBecomesOne) {
  for (int i = 1; i < 20; ++i) alert("198.51.100." + std::to_string(i), "10.0.0." + std::to_string(i), i);
  find("scan", "10.0.0.2", 500, kScan, 30);
  EXPECT_TRUE(told.all.empty()) << "what is weak is no effect";
  find("beacon", "10.0.0.2", 1000, kBeacon);
  ASSERT_EQ(told.all.size(), 2u);
  EXPECT_EQ(told.all[0].subject, "10.0.0.2");
  const Incident cause = told.all[1];
  EXPECT_EQ(told.all[0].links.at(0).incident, cause.id);
  EXPECT_EQ(cause.reason, "effect");
  EXPECT_FALSE(cause.background);
  EXPECT_EQ(cause.alerts_total, 19u) << "with its past";
  EXPECT_EQ(incidents.counters().promoted, 1u);
  find("beacon", "10.0.0.3", 1100, kBeacon, 60, {"203.0.113.9:443"});
  EXPECT_EQ(told.all.size(), 3u) << "once";
  alert("198.51.100.99", "10.0.0.99", 1200, 100);
  EXPECT_EQ(told.all.back().id, cause.id);
  EXPECT_EQ(told.all.back().state, IncidentState::updated) << "it goes on as one";
}

TEST_F(IncidentsTest, MembersAreBoundedAndCounted) {
  constexpr uint32_t kAlerts = 300;
  for (uint32_t sid = 1; sid <= kAlerts; ++sid) {
    const std::string victim = "198.51." + std::to_string(sid / 250) + "." + std::to_string(sid % 250);
    for (int repeat = 0; repeat < 2; ++repeat) alert("10.0.0.1", victim, sid, 1, 65, sid);
  }
  incidents.finish();
  const Incident& last = told.all.back();
  EXPECT_EQ(last.signatures.size(), Case::kMostSignatures);
  EXPECT_EQ(last.alerts_total, 2 * kAlerts);
  EXPECT_EQ(incidents.case_counters().signatures_max, 2 * (kAlerts - Case::kMostSignatures));
  EXPECT_EQ(last.objects.size(), Case::kShownObjects);
  EXPECT_EQ(last.objects_total, Case::kMostObjects) << "however often one comes again";
  EXPECT_EQ(incidents.case_counters().objects_max, 2 * (kAlerts - Case::kMostObjects));
}

TEST_F(IncidentsTest, FindingsAndTechniquesAreBoundedAndCounted) {
  std::vector<std::string> names, techniques;
  for (size_t i = 0; i < Case::kMostTechniques + 2; ++i) {
    names.push_back("detector" + std::to_string(i));
    techniques.push_back("T" + std::to_string(1000 + i));
  }
  for (size_t i = 0; i < names.size(); ++i) find(names[i], "10.0.0.1", 0, {techniques[i], "TA0007"}, 10);
  incidents.finish();
  const Incident& last = told.all.back();
  EXPECT_EQ(last.findings.size(), Case::kMostFindings);
  EXPECT_EQ(last.findings_total, names.size());
  EXPECT_EQ(incidents.case_counters().findings_max, names.size() - Case::kMostFindings);
  EXPECT_EQ(incidents.case_counters().living_max, names.size() - Case::kMostFindings);
  EXPECT_EQ(last.attack.size(), Case::kMostTechniques);
  EXPECT_EQ(incidents.case_counters().techniques_max, 2u);
}

TEST_F(IncidentsTest, LinksAreBoundedAndCounted) {
  for (size_t i = 1; i <= Case::kMostLinks + 3; ++i) {
    const std::vector<std::string> shared = {"c" + std::to_string(i) + ".example:443"};
    find("beacon", "10.0.1." + std::to_string(i), 0, kBeacon, 60, shared);
    find(i % 2 ? "beacon" : "dga", "10.0.0.1", 0, kBeacon, 60, shared);
  }
  incidents.finish();
  const auto many = std::ranges::find_if(told.all, [](const Incident& of) { return of.links.size() > 3; });
  ASSERT_NE(many, told.all.end());
  EXPECT_EQ(many->links.size(), Case::kMostLinks);
  EXPECT_EQ(incidents.case_counters().links_max, 3u);
}

TEST_F(IncidentsTest, WhatIsSharedIsBoundedCountedAndForgotten) {
  constexpr int64_t kDay = 86'400;
  for (size_t i = 0; i < Incidents::kMostShared + 3; ++i) {
    find("beacon", "10.0.0.1", 0, kBeacon, 60, {"c" + std::to_string(i) + ".example:443"});
  }
  EXPECT_EQ(incidents.counters().shared_max, 3u);
  incidents.expire(kStart + 3 * kDay);
  for (const char* host : {"10.0.0.2", "10.0.0.3"}) {
    find("beacon", host, 3 * kDay, kBeacon, 60, {"another.example:443"});
  }
  EXPECT_EQ(incidents.counters().shared_max, 3u);
  ASSERT_EQ(told.all.back().links.size(), 1u);
  EXPECT_EQ(told.all.back().links[0].kind, "shares");
}

TEST_F(IncidentsTest, AlertsBeyondThoseOfASecondAreCounted) {
  AlertSums sums;
  const RuleInfo rule;
  for (uint32_t i = 0; i < AlertSums::kMost + 5; ++i) {
    const uint8_t bytes[] = {10, 0, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    sums.add({rule, Timestamp::from_seconds(kStart), IpAddress::v4(bytes), *IpAddress::parse("198.51.100.1")});
  }
  sums.cut();
  incidents.take(sums);
  EXPECT_EQ(incidents.counters().alerts_max, 5u);
}

TEST_F(IncidentsTest, WhatMayFollowIsNamedUnlessItIsThere) {
  using Next = std::vector<std::string_view>;
  find("beacon", "10.0.0.1", 0, kBeacon, 60);
  EXPECT_EQ(told.all.back().next, (Next{"T1046", "T1003", "T1041"}));
  find("scan", "10.0.0.1", 100, kScan);
  EXPECT_EQ(told.all.back().next, (Next{"T1003", "T1041", "T1110", "T1210", "T1021"}));
  find("brute-force", "10.0.0.1", 200, {"T1110.001", "TA0006"});
  EXPECT_EQ(told.all.back().next, (Next{"T1003", "T1041", "T1210", "T1021", "T1078"})) << "a sub-technique is of it";
  find("exfiltration", "10.0.0.2", 0, {"T1048", "TA0010"}, 90);
  EXPECT_EQ(told.all.back().next, Next()) << "an end in itself";
}

TEST_F(IncidentsTest, ASubjectThatIsACardHasItsVendor) {
  auto vendors = std::make_shared<Vendors>();
  vendors->add("MA-L,0017F2,Lapwing Works,\n");
  vendors->seal();
  surroundings.vendors = vendors;
  find("arp-spoof", "00:17:f2:00:00:01", 0, {"T1557.002", "TA0006"});
  EXPECT_EQ(told.all.back().host.vendor, "Lapwing Works");
  incidents.known(*IpAddress::parse("10.0.0.1"), {.station = "00:17:f2:00:00:02", .vendor = "of the inventory"});
  find("beacon", "10.0.0.1", 0, kBeacon);
  EXPECT_EQ(told.all.back().host.vendor, "of the inventory");
}

}  // namespace
}  // namespace lapwing::analytics
