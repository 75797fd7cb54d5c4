#include "analytics/detectors/rogue_dhcp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/analytics/detectors/packet_scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

/// Hosts 10.0.0.NN and stations 02:00:00:00:00:NN by number.
struct Offer {
  uint8_t server, client;
  uint8_t router = 1, resolver = 1;
  uint8_t station = 0;  // 0: the server's own
  bool ack = false;
  bool relayed = false;  // to the relay, and not from it
  uint8_t network = 0;   // third byte of the assigned address
  uint8_t assigned = 100;
  uint8_t resolvers = 1;  // so many, one behind the other
};

/// analytics.rogue-dhcp.servers: [text]
Setting servers(std::string_view text) {
  Setting root;
  root.kind = Setting::Kind::map;
  Setting& list = root.make("analytics.rogue-dhcp.servers", {"c.yaml", 1, 1});
  list.kind = Setting::Kind::list;
  Setting& item = list.add("", {"c.yaml", 1, 5});
  item.kind = Setting::Kind::scalar;
  item.scalar = text;
  return root;
}

class RogueDhcpTest : public testing::Test {
 protected:
  void say(double at, const Offer& of) {
    std::vector<uint8_t> bytes = {0, 67, 0, static_cast<uint8_t>(of.relayed ? 67 : 68), 0, 0, 0, 0, 2, 1, 6, 0};
    bytes.insert(bytes.end(), {0, 0, static_cast<uint8_t>(at / 256), static_cast<uint8_t>(at)});
    bytes.resize(8 + 16);
    if (of.assigned) {
      bytes.insert(bytes.end(), {10, 0, of.network, of.assigned});
    }
    bytes.resize(8 + 28);
    bytes.insert(bytes.end(), {2, 0, 0, 0, 0, of.client});
    bytes.resize(8 + 236);
    bytes.insert(bytes.end(), {0x63, 0x82, 0x53, 0x63, 53, 1, static_cast<uint8_t>(of.ack ? 5 : 2)});
    const auto address = [&](uint8_t code, uint8_t host) { bytes.insert(bytes.end(), {code, 4, 10, 0, 0, host}); };
    address(54, of.server);
    bytes.insert(bytes.end(), {1, 4, 255, 255, 255, 0});
    address(3, of.router);
    bytes.insert(bytes.end(), {6, static_cast<uint8_t>(4 * of.resolvers)});
    for (uint8_t i = 0; i < of.resolvers; ++i) {
      bytes.insert(bytes.end(), {10, 0, 0, static_cast<uint8_t>(of.resolver + i)});
    }
    bytes.push_back(255);
    show_packet(scene_.at(at), "dhcp", std::move(bytes), 4, "10.0.0." + std::to_string(of.server), "255.255.255.255",
                {2, 0, 0, 0, 0, of.station ? of.station : of.server});
  }
  /// One served by server 1 each ten seconds.
  void serve(int from, int to) {
    for (int i = from; i < to; i += 10) {
      say(i, {.server = 1, .client = 50});
      say(i + 0.01, {.server = 1, .client = 50, .ack = true});
    }
  }
  std::vector<Behaviour> found(const OptionSource& options = {}) const {
    return scene_.found(*detector<RogueDhcp>().read(options));
  }
  Scene scene_;
};

TEST_F(RogueDhcpTest, AnswersWhereAnotherAnswers) {
  serve(0, 60);
  say(60, {.server = 9, .client = 51, .router = 9, .resolver = 9});
  say(60.01, {.server = 1, .client = 51});
  say(60.02, {.server = 9, .client = 51, .router = 9, .resolver = 9, .ack = true});
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "10.0.0.9");
  EXPECT_EQ(all.back().objects, std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(all.back().severity, 80);
  EXPECT_GE(all.back().confidence, 90);
}

TEST_F(RogueDhcpTest, AnotherResolverIsEnough) {
  serve(0, 60);
  say(60, {.server = 9, .client = 51, .resolver = 9});
  serve(70, 80);
  ASSERT_FALSE(found().empty());
  EXPECT_NE(found().back().evidence.find(R"("other_router":false,"other_resolver":true)"), std::string::npos);
}

TEST_F(RogueDhcpTest, TakesTheNameOfTheServer) {
  serve(0, 60);
  say(60, {.server = 1, .client = 51, .router = 9, .station = 9});
  serve(70, 80);
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_NE(all.back().evidence.find("02:00:00:00:00:09"), std::string::npos);
}

TEST_F(RogueDhcpTest, OneOfAnotherNetworkAnswersTheSameClient) {
  serve(0, 60);
  say(60, {.server = 9, .client = 51, .router = 9, .network = 7});
  say(60.01, {.server = 1, .client = 51});
  EXPECT_FALSE(found().empty());
}

TEST_F(RogueDhcpTest, ComesToASettledLanAndTellsTheSame) {
  for (int hour = 0; hour < 25; ++hour) serve(hour * 3600, hour * 3600 + 10);
  say(90'000, {.server = 9, .client = 51});
  serve(90'010, 90'020);
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().severity, 50);
}

TEST_F(RogueDhcpTest, AddressesBeyondThoseThatAreJudgedAreCounted) {
  serve(0, 60);
  say(60, {.server = 1, .client = 51, .resolvers = 9});
  EXPECT_EQ(scene_.count(*detector<RogueDhcp>().read(OptionSource()), "analytics.rogue-dhcp.addresses_max"), 5U);
}

// Look-alikes.

TEST_F(RogueDhcpTest, TwoFromTheBeginning) {
  for (int i = 0; i < 100; i += 10) {
    say(i, {.server = 1, .client = 50});
    say(i + 0.01, {.server = 2, .client = 50, .resolver = 2});
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueDhcpTest, OneThatFailsOverTellsTheSame) {
  serve(0, 60);
  say(60, {.server = 2, .client = 51});
  serve(70, 100);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueDhcpTest, OneThatIsExpected) {
  serve(0, 60);
  say(60, {.server = 2, .client = 51, .resolver = 2});
  serve(70, 100);
  EXPECT_FALSE(found().empty());
  const Setting expected = servers("10.0.0.2");
  EXPECT_TRUE(found(OptionSource(expected)).empty());
}

TEST_F(RogueDhcpTest, AServerIsReplaced) {
  serve(0, 60);
  for (int i = 65; i < 200; i += 10) say(i, {.server = 9, .client = 51, .router = 9, .resolver = 9});
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueDhcpTest, ARelayAndItsSecondCard) {
  serve(0, 60);
  say(60, {.server = 1, .client = 51, .station = 7});
  say(61, {.server = 2, .client = 51, .router = 2, .relayed = true});
  serve(70, 100);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueDhcpTest, WhereToBootFrom) {
  serve(0, 60);
  say(60, {.server = 9, .client = 51, .router = 9, .assigned = 0});
  say(60.01, {.server = 1, .client = 51});
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueDhcpTest, ALanWhoseTagWasTakenOff) {
  serve(0, 60);
  for (int i = 60; i < 100; i += 10) say(i, {.server = 9, .client = 51, .router = 9, .network = 7});
  serve(100, 120);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueDhcpTest, WhatAFloodLeavesIsBounded) {
  serve(0, 60);
  for (int i = 0; i < 20'000; ++i) {
    say(60 + i * 0.001, {.server = static_cast<uint8_t>(2 + i % 250),
                         .client = static_cast<uint8_t>(i),
                         .router = static_cast<uint8_t>(i / 250),
                         .station = static_cast<uint8_t>(i % 251)});
  }
  serve(90, 100);
  for (const Behaviour& of : found()) EXPECT_LE(of.evidence.size(), 4096U);
}

TEST(RogueDhcpOptions, WhatIsNoNetworkIsRefused) {
  const Setting odd = servers("relay");
  EXPECT_THROW(detector<RogueDhcp>().read(OptionSource(odd)), SettingError);
}

TEST_F(RogueDhcpTest, ServersBeyondThoseOfALanAreCounted) {
  for (uint8_t server = 1; server <= 18; ++server) say(server, {.server = server, .client = 50});
  EXPECT_EQ(scene_.count(*detector<RogueDhcp>().read(OptionSource()), "analytics.rogue-dhcp.servers_max"), 2U);
}

/// Over IPv6: a reply of station `server`, at fe80::NN, to one of the same LAN.
void say6(Scene& scene, double at, uint8_t server, uint8_t resolver, bool local, uint8_t client = 50) {
  std::vector<uint8_t> bytes = {2, 35, 2, 34, 0, 0, 0, 0, 7, 0, 0, static_cast<uint8_t>(at)};
  bytes.insert(bytes.end(), {0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, client});
  const auto address = [&](bool of_lan, uint8_t host) {
    bytes.insert(bytes.end(), {static_cast<uint8_t>(of_lan ? 0xfe : 0xfd), static_cast<uint8_t>(of_lan ? 0x80 : 0)});
    bytes.resize(bytes.size() + 13);
    bytes.push_back(host);
  };
  bytes.insert(bytes.end(), {0, 3, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24});
  address(local, client);
  bytes.resize(bytes.size() + 8);
  bytes.insert(bytes.end(), {0, 23, 0, 16});
  address(true, resolver);
  show_packet(scene.at(at), "dhcpv6", std::move(bytes), 6, "fe80::" + std::to_string(server),
              "fe80::" + std::to_string(client), {2, 0, 0, 0, 0, server});
}

TEST_F(RogueDhcpTest, OverIpv6AddressesThatLeadNowhereAreEnough) {
  for (int i = 0; i < 3; ++i) say6(scene_, 30 * i, 9, 9, true);
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "fe80:0000:0000:0000:0000:0000:0000:0009");
  EXPECT_EQ(all.back().severity, 80);
  EXPECT_TRUE(all.back().objects.empty());
}

TEST_F(RogueDhcpTest, OverIpv6AServerThatNamesItselfIsNone) {
  for (int i = 0; i < 8; ++i) say6(scene_, 30 * i, 1, 1, false);
  EXPECT_TRUE(found().empty());
}

TEST_F(RogueDhcpTest, OverIpv6OneThatComesLaterIsTold) {
  for (int i = 0; i < 8; ++i) {
    say6(scene_, 30 * i, 1, 1, false);
    if (i > 2) say6(scene_, 30 * i + 1, 9, 9, false);
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "fe80:0000:0000:0000:0000:0000:0000:0009");
  EXPECT_EQ(all.back().objects, std::vector<std::string>{"fe80:0000:0000:0000:0000:0000:0000:0001"});
}

TEST_F(RogueDhcpTest, ServersOfIpv4AndIpv6AreNoRivals) {
  serve(0, 200);
  for (int i = 2; i < 6; ++i) say6(scene_, 30 * i, 9, 9, false);
  EXPECT_TRUE(found().empty());
}

}  // namespace
}  // namespace lapwing::analytics
