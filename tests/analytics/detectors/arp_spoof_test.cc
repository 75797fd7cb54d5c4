#include "analytics/detectors/arp_spoof.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/analytics/detectors/packet_scene.h"

namespace lapwing::analytics {
namespace {

using test::Arp;
using test::Scene;

class ArpSpoofTest : public testing::Test {
 protected:
  void say(double at, const Arp& arp) { show(scene_.at(at), arp); }
  /// A question and its answer, `station` having `host`.
  void ask(double at, uint8_t asker_station, uint8_t asker, uint8_t station, uint8_t host) {
    say(at, {asker_station, asker, host});
    say(at + 0.001, {station, host, asker, asker_station, true});
  }
  std::vector<Behaviour> found() const { return scene_.found(*detector<ArpSpoof>().read(OptionSource())); }
  Scene scene_;
};

// The gateway is host 1 at station 1, the victim 2 at 2, the intruder 9 at 9.

TEST_F(ArpSpoofTest, TellsAVictimEveryTwoSecondsThatItIsTheGateway) {
  ask(0, 9, 9, 2, 2);
  ask(0.5, 2, 2, 1, 1);
  for (int i = 1; i <= 10; ++i) {
    say(2 * i, {9, 1, 2, 2, true});
    if (i % 3 == 0) say(2 * i + 0.5, {1, 1, 2});
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  for (const Behaviour& of : all) EXPECT_EQ(of.subject, "02:00:00:00:00:09");
  EXPECT_EQ(all.back().objects, std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(all.back().severity, 80);
  EXPECT_GE(all.back().confidence, 60);
}

TEST_F(ArpSpoofTest, TellsBothSides) {
  ask(0, 9, 9, 2, 2);
  ask(0.2, 9, 9, 1, 1);
  for (int i = 1; i <= 5; ++i) {
    say(i, {9, 1, 2, 2, true});
    say(i + 0.1, {9, 2, 1, 1, true});
    ask(i + 0.5, 2, 2, 1, 1);
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "02:00:00:00:00:09");
  EXPECT_EQ(all.back().objects.size(), 2U);
}

TEST_F(ArpSpoofTest, TellsTwoWhoDoNotAskThatItIsTheOther) {
  for (int i = 0; i < 3; ++i) {
    say(30 * i, {9, 1, 2, 2, true});
    say(30 * i + 0.1, {9, 2, 1, 1, true});
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "02:00:00:00:00:09");
  EXPECT_EQ(all.back().objects.size(), 2U);
  EXPECT_EQ(all.back().severity, 80);
}

TEST_F(ArpSpoofTest, WhoAnswersForAllThatTheyAskForDoesNotContradictItself) {
  for (int i = 0; i < 40; ++i) {
    ask(5 * i, 2, 2, 9, 3);
    ask(5 * i + 1, 3, 3, 9, 2);
  }
  for (const Behaviour& of : found()) {
    EXPECT_NE(of.evidence.find(R"("contradictions":0)"), std::string::npos) << of.evidence;
  }
}

TEST_F(ArpSpoofTest, WhatIsPutBackIsTheIntrudersAlone) {
  ask(0, 2, 2, 1, 1);
  for (int i = 1; i <= 8; ++i) {
    say(2 * i, {9, 1, 2, 2, true});
    if (i % 3 == 0) say(2 * i + 0.5, {2, 2, 3});
  }
  for (int i = 0; i < 6; ++i) say(20 + i, {1, 1, 2, 2, true});
  const auto all = found();
  ASSERT_FALSE(all.empty());
  for (const Behaviour& of : all) EXPECT_EQ(of.subject, "02:00:00:00:00:09");
}

TEST_F(ArpSpoofTest, CopiesAQuestionUnderItsName) {
  say(0, {2, 2, 1});
  say(0.011, {9, 2, 1});
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].subject, "02:00:00:00:00:09");
}

TEST_F(ArpSpoofTest, HasAnAddressThatItAsksFor) {
  say(0, {9, 1, 2});
  say(0.1, {2, 2, 1, 9, true});
  say(0.2, {9, 1, 2, 2, true});  // nobody had asked
  EXPECT_TRUE(found().empty());
  say(10, {9, 9, 1});
  ASSERT_FALSE(found().empty());
}

// Look-alikes.

TEST_F(ArpSpoofTest, AnAddressThatMoves) {
  for (int i = 0; i < 20; ++i) ask(i, 2, 2, 1, 1);
  say(20.2, {5, 1, 1});  // another machine takes over, and says so
  say(20.3, {5, 1, 1});
  for (int i = 21; i < 40; ++i) ask(i, 2, 2, 5, 1);
  EXPECT_TRUE(found().empty());
}

TEST_F(ArpSpoofTest, ARouterThatAnswersForMany) {
  for (int i = 0; i < 100; ++i) ask(i, 2, 2, 1, static_cast<uint8_t>(100 + i));
  EXPECT_TRUE(found().empty());
}

TEST_F(ArpSpoofTest, ManyGuestsBehindOneStation) {
  for (int i = 0; i < 100; ++i) {
    const auto guest = static_cast<uint8_t>(100 + i % 6);
    say(i, {7, guest, guest});
    ask(i + 0.1, 7, guest, 1, 1);
    ask(i + 0.2, 1, 1, 7, guest);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(ArpSpoofTest, RepliesToQuestionsThatAreNotSeen) {
  for (int i = 0; i < 100; ++i) say(i, {1, 1, 2, 2, true});
  EXPECT_TRUE(found().empty());
}

TEST_F(ArpSpoofTest, TwoCardsOfOneHostOnOneWire) {
  for (int i = 0; i < 50; ++i) {
    for (uint8_t host : {uint8_t{20}, uint8_t{21}}) {
      say(i, {2, 2, host});
      say(i + 0.001, {host, host, 2, 2, true});
      say(i + 0.002, {static_cast<uint8_t>(41 - host), host, 2, 2, true});
    }
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_LT(all.back().severity, 40);
}

TEST_F(ArpSpoofTest, WhatAFloodLeavesIsBounded) {
  for (int i = 0; i < 30'000; ++i) {
    say(i * 0.0001, {static_cast<uint8_t>(1 + i % 255), static_cast<uint8_t>(i / 255), static_cast<uint8_t>(i % 251)});
  }
  for (const Behaviour& of : found()) EXPECT_LE(of.evidence.size(), 4096U);
}

TEST_F(ArpSpoofTest, StationsBeyondThoseThatMayClaimAnAddressAreCounted) {
  for (uint8_t station = 1; station <= 6; ++station) say(station, {station, 1, 2});
  EXPECT_EQ(scene_.count(*detector<ArpSpoof>().read(OptionSource()), "analytics.arp-spoof.claimants_max"), 2U);
}

}  // namespace
}  // namespace lapwing::analytics
