#include "analytics/detectors/scan.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::Ends;
using test::Scene;

std::string host(int number) {
  return "10.1." + std::to_string(number / 200) + "." + std::to_string(1 + number % 200);
}
/// Far from each other.
std::string stranger(int number) {
  return std::to_string(11 + number % 90) + "." + std::to_string(number * 37 % 251) + ".7." +
         std::to_string(1 + number % 250);
}

class ScanTest : public testing::Test {
 protected:
  std::vector<Behaviour> found() const { return scene_.found(*detector<Scan>().read(OptionSource())); }
  /// The kinds of the first finding; "" where nothing was found.
  std::string kinds() const {
    const auto all = found();
    if (all.empty()) return "";
    const std::string& evidence = all.front().evidence;
    const size_t from = evidence.find('[');
    return evidence.substr(from, evidence.find(']') + 1 - from);
  }
  Scene scene_;
};

TEST_F(ScanTest, PortsOfAHost) {
  for (int port = 1; port <= 100; ++port) scene_.at(port * 0.01).refused({"10.0.0.1", "10.0.0.9", uint16_t(port)});
  const auto all = found();
  ASSERT_EQ(all.size(), 2U);  // it opens and is over
  EXPECT_EQ(all[0].subject, "10.0.0.1");
  EXPECT_EQ(all[0].objects, std::vector<std::string>{"10.0.0.9"});
  EXPECT_EQ(all[0].severity, 60);
  EXPECT_EQ(all[1].count, 100U);
  EXPECT_EQ(kinds(), R"(["vertical"])");
}

// Each of them was asked in the name of who gets the answers.
TEST_F(ScanTest, AnswersOfServicesThatAmplifyAreNone) {
  for (const uint16_t service : {uint16_t{53}, uint16_t{1900}, uint16_t{3283}, uint16_t{5060}, uint16_t{11211}}) {
    Scene scene;
    for (uint16_t i = 0; i < 400; ++i) {
      const auto port = static_cast<uint16_t>(20'000 + i);
      scene.at(i * 0.1).silent({"198.51.100.9", "10.0.0.9", port, 17, service});
    }
    EXPECT_TRUE(scene.found(*detector<Scan>().read(OptionSource())).empty()) << service;
  }
}

TEST_F(ScanTest, FewerPortsThanItTakes) {
  for (int port = 1; port <= 14; ++port) scene_.at(port).refused({"10.0.0.1", "10.0.0.9", uint16_t(port)});
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, ProbesThatNoStackSends) {
  for (uint8_t flags : {uint8_t{0}, uint8_t{1}, uint8_t{41}}) {
    Scene scene;
    for (int port = 1; port <= 40; ++port)
      scene.at(port * 0.01).silent({"10.0.0.1", "10.0.0.9", uint16_t(port)}, flags);
    EXPECT_FALSE(scene.found(*detector<Scan>().read(OptionSource())).empty()) << int{flags};
  }
}

TEST_F(ScanTest, AcknowledgementsThatAreRefused) {
  for (int port = 1; port <= 40; ++port) scene_.at(port * 0.01).refused({"10.0.0.1", "10.0.0.9", uint16_t(port)}, 16);
  EXPECT_EQ(kinds(), R"(["vertical"])");
}

TEST_F(ScanTest, SilenceOfAnAcknowledgementSaysNothing) {
  for (int port = 1; port <= 400; ++port) scene_.at(port).silent({"10.0.0.1", "10.0.0.9", uint16_t(port)}, 16);
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, HostsByAPort) {
  for (int i = 0; i < 20; ++i) scene_.at(i).silent({"10.0.0.1", stranger(i), 23});
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].severity, 55);
  EXPECT_EQ(kinds(), R"(["horizontal"])");
}

TEST_F(ScanTest, WhoAlsoTalksToMostOfThemIsNone) {
  for (int i = 0; i < 120; ++i) {
    scene_.at(i * 2);
    i % 3 == 0 ? scene_.silent({"10.0.0.1", stranger(i), 443})
               : scene_.talked({"10.0.0.1", stranger(i), 443}, 100, 1000);
  }
  EXPECT_TRUE(found().empty());
}

// Windows asks for pieces of updates whom a service names; many are off.
TEST_F(ScanTest, HostsThatShareUpdatesAreNotLookedFor) {
  for (const uint16_t port : {uint16_t{7680}, uint16_t{7681}}) {
    Scene scene;
    for (int i = 0; i < 60; ++i) {
      scene.at(i);
      i % 2 == 0 ? scene.silent({"10.0.0.1", host(i), port}) : scene.refused({"10.0.0.1", host(i), port});
    }
    EXPECT_EQ(scene.found(*detector<Scan>().read(OptionSource())).empty(), port == 7680) << port;
  }
}

// Of hundreds of servers that answered it is not known which are new.
TEST_F(ScanTest, WhoTalksToAsManyAsFailIsNone) {
  for (int i = 0; i < 400; ++i) {
    scene_.at(i * 2);
    i % 2 == 0 ? scene_.silent({"10.0.0.1", stranger(i), 443})
               : scene_.talked({"10.0.0.1", stranger(i), 443}, 100, 1000);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, GreetingsThatNobodyAnswers) {
  for (int i = 0; i < 30; ++i) scene_.at(i).talked({"10.0.0.1", host(i), 22}, 0, 40);
  EXPECT_FALSE(found().empty());
}

// A server that sends lists of files.
TEST_F(ScanTest, WhatIsFetchedIsNoGreeting) {
  for (int i = 0; i < 30; ++i) scene_.at(i).talked({"10.0.0.1", "10.0.0.9", uint16_t(50'000 + i)}, 0, 40);
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, SlowOverHours) {
  for (int i = 0; i < 9; ++i) scene_.at(i * 700).silent({"198.51.100.9", host(i * 7), 445});
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].severity, 35);
  EXPECT_EQ(kinds(), R"(["slow"])");
}

TEST_F(ScanTest, AddressesInARowByEcho) {
  for (int i = 0; i < 40; ++i) scene_.at(i * 0.1).silent({"10.0.0.1", host(i), 0, 1, 8});
  EXPECT_EQ(kinds(), R"(["echo-sweep"])");
}

TEST_F(ScanTest, WatchingOverHostsThatAnswerIsOfLowSeverity) {
  for (int i = 0; i < 40; ++i) {
    const FlowRef flow = scene_.at(i * 0.1).flow({"10.0.0.1", host(i), 0, 1, 8});
    scene_.tell(flow, {.moment = FlowMoment::answered, .all_packets = {1, 1}});
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_LT(all[0].severity, 40);
}

TEST_F(ScanTest, SilentDatagrams) {
  for (int i = 0; i < 400; ++i) scene_.at(i * 0.1).silent({"10.0.0.1", stranger(i), 6881, 17});
  EXPECT_TRUE(found().empty()) << "peers are scattered";
  for (int i = 0; i < 40; ++i) {
    scene_.at(50 + i * 0.1).silent({"10.0.0.2", "203.0.113." + std::to_string(i), 6892, 17});
  }
  EXPECT_EQ(kinds(), R"(["udp-sweep"])");
}

TEST_F(ScanTest, RefusedDatagrams) {
  for (int port = 1; port <= 40; ++port) {
    scene_.at(port * 0.01).unreachable({"10.0.0.1", "10.0.0.9", uint16_t(port), 17}, "10.0.0.9", 3, 3);
  }
  EXPECT_EQ(kinds(), R"(["vertical"])");
}

TEST_F(ScanTest, TracingARouteIsNone) {
  for (int port = 33'434; port < 33'500; ++port) {
    scene_.at(port * 0.01 - 334).unreachable({"10.0.0.1", "198.51.100.9", uint16_t(port), 17}, "192.0.2.1", 11, 0);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, TheEndOfATracedRouteIsNone) {
  for (int port = 33'434; port < 33'500; ++port) {
    scene_.at(port * 0.01 - 334).unreachable({"10.0.0.1", "198.51.100.9", uint16_t(port), 17}, "198.51.100.9", 3, 3);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, ARouterWithoutRouteIsOneFailure) {
  for (int i = 1; i < 200; ++i) {
    scene_.at(i).unreachable({"fd00::1", "2001:db8::" + std::to_string(i), 443}, "fd00::ffff", 1, 0);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, ProtocolsOfIp) {
  for (int number = 60; number < 100; ++number) {
    scene_.at(number * 0.1).silent({"10.0.0.1", "10.0.0.9", 0, uint8_t(number)});
  }
  EXPECT_EQ(kinds(), R"(["protocol"])");
}

TEST_F(ScanTest, WhoseAnswersAreNotSeenIsNotJudgedBySilence) {
  for (int i = 0; i < 60; ++i) {
    FlowRef flow = scene_.at(i).flow({"10.0.0.1", stranger(i), 443});
    flow.one_sided = true;
    scene_.tell(flow, {.moment = FlowMoment::unanswered, .all_packets = {5, 0}, .tcp_flags = {24, 0}});
    scene_.silent({"10.0.0.1", stranger(i + 100), 443});
  }
  EXPECT_TRUE(found().empty());
}

/// A connection to each host, minute by minute, which says nothing, and half of them are off.
TEST_F(ScanTest, WhoAsksTheSameAgainAndAgainWatches) {
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 40; ++i) scene_.at(60.0 * round + i).silent({"10.0.0.1", host(i), 445});
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front().severity, 60);
  EXPECT_EQ(all.back().severity, 20);
}

TEST_F(ScanTest, AskingForTheDevicesOfOneNetworkIsOfLowSeverity) {
  const auto severity = [](int networks, uint16_t port, int rounds) {
    Scene scene;
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 200 * networks; ++i) {
        const std::string device = "10.0." + std::to_string(i / 200) + "." + std::to_string(1 + i % 200);
        scene.at(600.0 * round + 0.05 * i);
        if (i % 10 != 0) {
          scene.silent({"10.0.9.1", device, port, 17});
        } else {
          scene.tell(scene.flow({"10.0.9.1", device, port, 17}),
                     {.moment = FlowMoment::burst, .bytes = {40, 40}, .all_packets = {1, 1}});
        }
      }
    }
    const auto all = scene.found(*detector<Scan>().read(OptionSource()));
    return all.empty() ? 0 : int{all.back().severity};
  };
  EXPECT_EQ(severity(1, 161, 1), 35);
  EXPECT_EQ(severity(1, 161, 8), 20) << "it watches";
  EXPECT_EQ(severity(4, 161, 1), 60);
  EXPECT_EQ(severity(1, 69, 1), 60);
}

TEST_F(ScanTest, EchoesInOneNetworkAreOfLowSeverity) {
  const auto severity = [](int hosts, int rounds, int knocks = 0) {
    Scene scene;
    for (int i = 0; i < knocks; ++i) scene.at(0.1 * i).refused({"10.0.9.1", host(i), uint16_t(1024 + i), 6, 3389});
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < hosts; ++i) {
        scene.at(600.0 * round + 0.1 * i).silent({"10.0.9.1", host(i), 0, 1, 8});
      }
    }
    const auto all = scene.found(*detector<Scan>().read(OptionSource()));
    return all.empty() ? 0 : int{all.back().severity};
  };
  EXPECT_EQ(severity(200, 1), 35);
  EXPECT_EQ(severity(200, 8), 20) << "it watches";
  EXPECT_EQ(severity(2000, 1), 45);
  EXPECT_EQ(severity(200, 1, 9), 45) << "it knows none of them";
}

TEST_F(ScanTest, BackscatterIsNone) {
  for (int i = 0; i < 200; ++i) scene_.at(i).silent({"198.51.100.9", host(i), uint16_t(1024 + i), 6, 80}, 18);
  for (int i = 0; i < 200; ++i) scene_.at(i).silent({"198.51.100.9", host(i), uint16_t(1024 + i), 6, 80}, 4);
  EXPECT_TRUE(found().empty());
}

TEST_F(ScanTest, MemoryIsBounded) {
  const auto scan = detector<Scan>().read(OptionSource());
  const Surroundings surroundings{.hash_seed = kReplaySeed, .replay = true};
  const auto local = scan->local(surroundings);
  const auto global = scan->global(surroundings);
  struct Nobody final : FindingSink {
    void behaviour(const Behaviour&) override {}
  } nobody;
  FindingBook book(nobody);
  Findings findings(book, Scan::about);
  Dice dice(1);
  for (int second = 0; second < 6; ++second) {
    for (int i = 0; i < 20'000; ++i) {
      IpAddress source{.version = 4};
      for (size_t byte = 0; byte < 4; ++byte) source.bytes[byte] = static_cast<uint8_t>(1 + dice.below(200));
      const FlowRef flow{
          .id = 1, .client = source, .server = *IpAddress::parse("10.0.0.9"), .server_port = 80, .proto = 6};
      local->flow({.moment = FlowMoment::unanswered,
                   .time = Timestamp::from_seconds(1000 + second),
                   .flow = &flow,
                   .all_packets = {1, 0},
                   .tcp_flags = {2, 0}});
    }
    const auto delta = test::sealed(*local);
    ASSERT_TRUE(delta);
    global->take(1000 + second, *delta, findings);
  }
  EXPECT_LE(global->use().keys, Scan::Global::kMostSources + Scan::Global::kMostFacets);
  EXPECT_LE(global->use().bytes, 48U << 20);
  EXPECT_GT(global->use().evicted, 0U);
  EXPECT_GE(global->use().overflow, 6U * (20'000 - Scan::Delta::kMostContacts - 100));
}

}  // namespace
}  // namespace lapwing::analytics
