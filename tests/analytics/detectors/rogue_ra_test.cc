#include "analytics/detectors/rogue_ra.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/analytics/detectors/packet_scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

/// Routers fe80::NN at stations 02:00:00:00:00:NN by number, prefixes fd00:NN::/64, resolvers fd00::NN; 0: none.
struct Advert {
  uint8_t router;
  uint8_t prefix = 1, resolver = 1;
  uint16_t lifetime = 1800;
  uint8_t flags = 0;
  std::vector<uint8_t> station = {};
};
constexpr uint8_t kHigh = 0x08, kManaged = 0x80;

class RogueRaTest : public testing::Test {
 protected:
  void say(double at, const Advert& of) {
    std::vector<uint8_t> bytes = {134, 0, 0, 0, 64, of.flags};
    bytes.push_back(static_cast<uint8_t>(of.lifetime >> 8));
    bytes.push_back(static_cast<uint8_t>(of.lifetime));
    bytes.resize(16);
    if (of.prefix) {
      bytes.insert(bytes.end(), {3, 4, 64, 0xc0, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 0, 0xfd, 0, 0, of.prefix});
      bytes.resize(bytes.size() + 12);
    }
    if (of.resolver) {
      bytes.insert(bytes.end(), {25, 3, 0, 0, 0, 0, 2, 88, 0xfd});
      bytes.resize(bytes.size() + 14);
      bytes.push_back(of.resolver);
    }
    Station station{2, 0, 0, 0, 0, of.router};
    std::copy(of.station.begin(), of.station.end(), station.begin());
    show_packet(scene_.at(at), "icmp", std::move(bytes), 6, "fe80::" + std::to_string(of.router), "ff02::1", station);
  }
  void route(int from, int to, uint8_t router = 1) {
    for (int i = from; i < to; i += 10) say(i, {.router = router});
  }
  std::vector<Behaviour> found() const { return scene_.found(*detector<RogueRa>().read(OptionSource())); }
  Scene scene_;
};

TEST_F(RogueRaTest, AdvertisesANetworkOfItsOwn) {
  route(0, 60);
  say(61, {.router = 9, .prefix = 9, .resolver = 9, .flags = kHigh});
  route(70, 80);
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "02:00:00:00:00:09");
  EXPECT_EQ(all.back().objects, std::vector<std::string>{"fe80:0000:0000:0000:0000:0000:0000:0001"});
  EXPECT_EQ(all.back().severity, 80);
  EXPECT_GE(all.back().confidence, 90);
}

TEST_F(RogueRaTest, EachChangeTells) {
  const Advert kAll[] = {{.router = 9, .prefix = 9},
                         {.router = 9, .resolver = 9, .lifetime = 0},
                         {.router = 9, .flags = kHigh},
                         {.router = 9, .lifetime = 0, .flags = kManaged}};
  for (const Advert& of : kAll) {
    scene_ = Scene();
    route(0, 60);
    say(61, of);
    route(70, 80);
    EXPECT_FALSE(found().empty()) << int{of.prefix} << " " << int{of.resolver} << " " << int{of.flags};
  }
}

TEST_F(RogueRaTest, EndsARouterInItsName) {
  route(0, 60);
  say(61, {.router = 1, .prefix = 0, .resolver = 0, .lifetime = 0, .station = {2, 0, 0, 0, 0, 9}});
  EXPECT_TRUE(found().empty());
  route(70, 80);
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "02:00:00:00:00:09");
  EXPECT_NE(all.back().evidence.find(R"("ended":1)"), std::string::npos);
}

TEST_F(RogueRaTest, EndsItBeforeItIsHeard) {
  const Advert end{.router = 1, .prefix = 0, .resolver = 0, .lifetime = 0, .station = {2, 0, 0, 0, 0, 9}};
  say(0, end);
  say(1, {.router = 1, .lifetime = 30});
  say(3, end);
  EXPECT_TRUE(found().empty());
  say(6, end);
  EXPECT_FALSE(found().empty());
}

TEST_F(RogueRaTest, ComesToASettledLanAndTellsTheSame) {
  for (int i = 0; i < 90'000; i += 600) say(i, {.router = 1});
  say(90'001, {.router = 9});
  say(90'010, {.router = 1});
  EXPECT_FALSE(found().empty());
}

// Look-alikes.

TEST_F(RogueRaTest, TwoFromTheBeginning) {
  for (int i = 0; i < 100; i += 10) {
    say(i, {.router = 1});
    say(i + 5, {.router = 2, .prefix = 2, .resolver = 2});
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueRaTest, ASecondRouterOfTheSameNetwork) {
  route(0, 60);
  for (int i = 61; i < 100; i += 10) say(i, {.router = 2});
  route(65, 100);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueRaTest, ARouterIsReplaced) {
  route(0, 60);
  say(61, {.router = 1, .lifetime = 0});
  for (int i = 65; i < 200; i += 10) say(i, {.router = 9, .prefix = 9, .resolver = 9});
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueRaTest, ARouterMovesToAnotherCard) {
  route(0, 60);
  say(61, {.router = 1, .lifetime = 0});
  for (int i = 65; i < 100; i += 10) say(i, {.router = 1, .station = {2, 0, 0, 0, 0, 5}});
  say(101, {.router = 1, .lifetime = 0, .station = {2, 0, 0, 0, 0, 5}});
  route(105, 120);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueRaTest, ARouterEndsItself) {
  route(0, 60);
  say(61, {.router = 1, .lifetime = 0});
  route(70, 100);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueRaTest, RoutersThatShareAStation) {
  route(0, 60);
  for (int i = 61; i < 100; i += 10) {
    say(i, {.router = 7, .prefix = 9, .station = {0, 0, 0x5e, 0, 2, 7}});
    say(i + 1, {.router = 1});
    say(i + 2, {.router = 1, .lifetime = 0, .station = {0, 0, 0x5e, 0, 2, 7}});
  }
  route(105, 120);
  EXPECT_TRUE(found().empty());
}

/// As those of Thread are: RFC 4191 section 2.3 and no lifetime.
TEST_F(RogueRaTest, ANetworkBehindAHost) {
  route(0, 60);
  for (int i = 61; i < 100; i += 10) say(i, {.router = 9, .prefix = 9, .resolver = 0, .lifetime = 0});
  route(65, 100);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueRaTest, WhatAFloodLeavesIsBounded) {
  route(0, 60);
  for (int i = 0; i < 20'000; ++i) {
    say(61 + i * 0.001, {.router = static_cast<uint8_t>(2 + i % 200), .prefix = static_cast<uint8_t>(i % 251)});
  }
  route(90, 100);
  const auto all = found();
  for (const Behaviour& of : all) EXPECT_LE(of.evidence.size(), 4096U);
}

TEST_F(RogueRaTest, RoutersBeyondThoseOfALanAreCounted) {
  for (uint8_t router = 1; router <= 19; ++router) say(router, {.router = router});
  EXPECT_EQ(scene_.count(*detector<RogueRa>().read(OptionSource()), "analytics.rogue-ra.routers_max"), 3U);
}

TEST_F(RogueRaTest, WhatAnAdvertisementSaysBeyondItsBoundIsCounted) {
  std::vector<uint8_t> bytes = {134, 0, 0, 0, 64, 0, 7, 8};
  bytes.resize(16);
  for (uint8_t prefix = 1; prefix <= 8; ++prefix) {
    bytes.insert(bytes.end(), {3, 4, 64, 0xc0, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 0, 0xfd, 0, 0, prefix});
    bytes.resize(bytes.size() + 12);
  }
  bytes.insert(bytes.end(), {25, 11, 0, 0, 0, 0, 2, 88});
  for (uint8_t resolver = 1; resolver <= 5; ++resolver) {
    bytes.push_back(0xfd);
    bytes.resize(bytes.size() + 14);
    bytes.push_back(resolver);
  }
  show_packet(scene_.at(0), "icmp", std::move(bytes), 6, "fe80::1", "ff02::1", {2, 0, 0, 0, 0, 1});
  EXPECT_EQ(scene_.count(*detector<RogueRa>().read(OptionSource()), "analytics.rogue-ra.prefixes_max"), 2U);
  EXPECT_EQ(scene_.count(*detector<RogueRa>().read(OptionSource()), "analytics.rogue-ra.resolvers_max"), 1U);
}

}  // namespace
}  // namespace lapwing::analytics
