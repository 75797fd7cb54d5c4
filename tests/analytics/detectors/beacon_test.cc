#include "analytics/detectors/beacon.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/analytics/scene.h"
#include "tests/analytics/shape/series.h"

namespace lapwing::analytics {
namespace {

using test::Ends;
using test::Scene;

const Ends kOutside{"10.0.0.7", "198.51.100.9", 4444};

class BeaconTest : public testing::Test {
 protected:
  std::vector<Behaviour> found() const { return scene_.found(*detector<Beacon>().read(OptionSource())); }
  void play(const Series& series, const Ends& ends, std::string_view application = "") {
    for (const Call& call : series) {
      FlowRef flow = scene_.at(call.time).flow(ends);
      flow.application = application;
      scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {call.out, call.in}, .all_packets = {4, 4}});
    }
  }
  Scene scene_;
};

TEST_F(BeaconTest, ConnectionsByTheClock) {
  play(beacon({.period = 60, .jitter = 0.2}, 3600, 1), kOutside);
  const auto all = found();
  ASSERT_GE(all.size(), 2U);
  EXPECT_EQ(all.front().state, FindingState::open);
  EXPECT_EQ(all.back().state, FindingState::over);
  EXPECT_EQ(all.front().subject, "10.0.0.7");
  EXPECT_EQ(all.front().objects, std::vector<std::string>{"198.51.100.9:4444"});
  EXPECT_EQ(all.back().severity, 70);
  EXPECT_EQ(all.front().attack, (std::vector<Technique>{{"T1095", "TA0011"}, {"T1571", "TA0011"}}));
}

TEST_F(BeaconTest, BurstsOfOneConnection) {
  const FlowRef flow = scene_.flow(kOutside);
  for (int i = 0; i < 40; ++i) {
    scene_.at(5.0 * i).tell(flow, {.moment = FlowMoment::burst, .bytes = {20, 12}, .all_packets = {4, 4}});
  }
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found().front().severity, 70);
}

TEST_F(BeaconTest, ServersOfOneNameAreOnePeer) {
  constexpr std::string_view kHosts[] = {"a.example.co.uk", "b.Example.co.uk", "example.co.uk."};
  for (int i = 0; i < 30; ++i) {
    FlowRef flow = scene_.at(60.0 * i).flow({"10.0.0.7", "198.51.100." + std::to_string(1 + i % 7), 443});
    flow.host = kHosts[i % 3];
    flow.protocol = "tls";
    scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {236, 141}, .all_packets = {4, 4}});
  }
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found().front().objects.front(), "example.co.uk");
}

TEST_F(BeaconTest, ByAProxyInsideItIsWhomThatConnectsTo) {
  const struct {
    std::string_view host, application, object;
    int severity;
  } kRows[] = {
      {"cdn.example.net", "HTTP_Connect", "example.net", 70}, {"cdn.example.net", "HTTP.HTTP_Proxy", "example.net", 70},
      {"203.0.113.77", "HTTP_Connect", "203.0.113.77", 70},   {"v10.example.com", "HTTP_Connect.Microsoft", "", 0},
      {"intranet.example.net", "HTTP", "example.net", 20},    {"printer", "HTTP.HTTP_Proxy", "", 20},
  };
  std::vector<std::string> others;
  for (int i = 0; i < 45; ++i) others.push_back("198.51.100." + std::to_string(1 + i));
  for (const auto& row : kRows) {
    Scene scene;
    const auto call = [&](double time, std::string_view host, std::string_view application) {
      FlowRef flow = scene.at(time).flow({"10.0.0.7", "10.0.0.3", 3128});
      flow.host = host;
      flow.application = application;
      flow.protocol = "http";
      scene.tell(flow, {.moment = FlowMoment::burst, .bytes = {236, 141}, .all_packets = {4, 4}});
    };
    for (int i = 0; i < 90; ++i) {
      call(60.0 * i, row.host, row.application);
      call(60.0 * i + i * 23 % 41, others[static_cast<size_t>(i % 45)], "HTTP_Connect");
    }
    const auto all = scene.found(*detector<Beacon>().read(OptionSource()));
    EXPECT_EQ(all.empty(), row.severity == 0) << row.host << row.application;
    if (all.empty()) continue;
    const auto& objects = all.back().objects;
    EXPECT_EQ(objects.back(), "10.0.0.3:3128");
    EXPECT_EQ(objects.size() == 2 ? objects[0] : "", row.object);
    EXPECT_EQ(all.back().severity, row.severity) << row.host << row.application;
  }
}

TEST_F(BeaconTest, WhoFollowsNoClock) {
  uint64_t seed = 0;
  for (Habit habit : {Habit::poisson, Habit::human, Habit::pages}) {
    for (int i = 0; i < 8; ++i) {
      ++seed;
      play(random_client(habit, 200, seed), {"10.0.0." + std::to_string(seed), "198.51.100.9", 443}, "TLS");
    }
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(BeaconTest, OfLittleHarm) {
  play(beacon({.period = 60}, 3600, 1), {"10.0.0.7", "10.0.0.8", 10051});
  for (int i = 0; i < 60; ++i) scene_.at(60.0 * i).silent({"10.0.0.9", "198.51.100.1", 8080});
  const auto all = found();
  EXPECT_FALSE(all.empty());
  for (const Behaviour& one : all) EXPECT_LT(one.severity, 40) << one.subject;
}

TEST_F(BeaconTest, WhoAsksManyInStepReadsNews) {
  const auto severity = [](int peers, double apart) {
    Scene scene;
    for (int round = 0; round < 40; ++round) {
      for (int peer = 0; peer < peers; ++peer) {
        const FlowRef flow =
            scene.at(900.0 * round + apart * peer).flow({"10.0.0.7", "198.51.100." + std::to_string(1 + peer), 443});
        scene.tell(flow, {.moment = FlowMoment::burst, .bytes = {236, 900}, .all_packets = {4, 4}});
      }
    }
    int most = 0;
    for (const Behaviour& one : scene.found(*detector<Beacon>().read(OptionSource()))) {
      most = std::max(most, int{one.severity});
    }
    return most;
  };
  EXPECT_EQ(severity(12, 1), 35);
  EXPECT_EQ(severity(12, 75), 70) << "each by a clock of its own";
  EXPECT_EQ(severity(3, 1), 70);
}

TEST_F(BeaconTest, WhoCallsManyInsideWatchesThem) {
  for (int i = 1; i <= 6; ++i) play(beacon({.period = 60}, 7200, 1), {"10.0.0.7", "10.0.1." + std::to_string(i), 443});
  EXPECT_TRUE(found().empty());
  play(beacon({.period = 60}, 7200, 2), {"10.0.0.8", "10.0.1.1", 443});
  ASSERT_FALSE(found().empty()) << "of one alone";
  EXPECT_EQ(found().front().subject, "10.0.0.8");
  EXPECT_EQ(found().front().severity, 20);
}

/// Whose silence is longer than a flow is remembered: of what follows only the address is seen.
TEST_F(BeaconTest, ANameOutlivesItsFlow) {
  for (int i = 0; i < 40; ++i) {
    FlowRef flow = scene_.at(900.0 * i).flow({"10.0.0.7", "198.51.100.9", 443});
    if (i == 0) {
      flow.host = "push.example.com";
      flow.protocol = "tls";
    } else {
      flow.midstream = true;
    }
    scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {60, 60}, .all_packets = {4, 4}});
  }
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found().front().objects.front(), "example.com");
  EXPECT_EQ(found().front().attack.front(), (Technique{"T1071.001", "TA0011"}));
}

/// Who looks a name up, and who is asked for it, are no hosts that call it; nor is who is asked an address of it.
TEST_F(BeaconTest, WhatIsLookedUpIsNotCalled) {
  const auto look_up = [&](double at, const Ends& ends, std::string_view name) {
    FlowRef flow = scene_.at(at).flow(ends);
    flow.host = name;
    flow.protocol = "dns";
    scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {40, 60}, .all_packets = {1, 1}});
  };
  for (int i = 0; i < 12; ++i) look_up(i, {"10.0.1." + std::to_string(i), "10.0.0.53", 53, 17}, "other.example.com");
  for (int i = 0; i < 40; ++i) {
    look_up(100 + 60.0 * i, {"10.0.0.7", "10.0.0.53", 53, 17}, "c2.example.net");
    look_up(100.01 + 60.0 * i, {"10.0.0.53", "198.51.100.53", 53, 17}, "c2.example.net");
    FlowRef flow = scene_.at(101 + 60.0 * i).flow({"10.0.0.7", "198.51.100.9", 443});
    flow.host = "c2.example.net";
    flow.protocol = "tls";
    scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {60, 60}, .all_packets = {4, 4}});
  }
  for (int i = 0; i < 40; ++i) {
    FlowRef flow = scene_.at(103 + 60.0 * i).flow({"10.0.0.7", "198.51.100.53", 853});
    flow.midstream = true;
    scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {60, 60}, .all_packets = {4, 4}});
  }
  bool called = false, asked = false;
  for (const Behaviour& one : found()) {
    const bool tls = one.objects.back() == "198.51.100.9:443";
    called |= tls && one.evidence.find("\"hosts\":1,") != std::string::npos;
    asked |= one.objects == std::vector<std::string>{"198.51.100.53:853"};
  }
  EXPECT_TRUE(called) << "by one host, not by the resolver as well";
  EXPECT_TRUE(asked) << "the resolver is not what it was asked for";
}

/// A resolver asks anew when what it learned expires, for a name that many call.
TEST_F(BeaconTest, WhatManyCallIsLookedUpForThem) {
  for (int host = 1; host <= 12; ++host) {
    FlowRef flow = scene_.at(1 + host).flow({"10.0.0." + std::to_string(host), "198.51.100.9", 443});
    flow.host = "cdn.example.net";
    flow.protocol = "tls";
    scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {60, 60}, .all_packets = {4, 4}});
  }
  for (std::string_view name : {"cdn.example.net", "c2.example.org"}) {
    for (int i = 0; i < 60; ++i) {
      FlowRef flow = scene_.at(20 + 300.0 * i).flow({"10.0.0.53", "198.51.100.53", 53, 17});
      flow.host = name;
      flow.protocol = "dns";
      scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {40, 60}, .all_packets = {1, 1}});
    }
  }
  unsigned other = 0;
  for (const Behaviour& one : found()) {
    if (one.state != FindingState::over) continue;
    const bool common = one.objects.front() == "example.net";
    EXPECT_EQ(one.severity, common ? 35 : 70);
    other += !common;
  }
  EXPECT_GT(other, 0U);
}

/// Who looks at pages calls many names with the same hello, and some pages ask for news by the clock.
TEST_F(BeaconTest, OfWhatBrowsesARhythmIsLessCertain) {
  constexpr uint64_t kBrowser = 7, kOther = 8;
  std::vector<std::string> sites;
  for (int i = 0; i < 25; ++i) sites.push_back("www.example" + std::to_string(i) + ".org");
  const auto confidence = [&](size_t names, uint64_t ja4, std::string_view application) {
    Scene scene;
    const auto call = [&](double at, std::string_view host, uint64_t hello, std::string_view app) {
      FlowRef flow = scene.at(at).flow({"10.0.0.7", "198.51.100.9", 443});
      flow.host = host;
      flow.protocol = "tls";
      flow.application = app;
      flow.ja4 = hello;
      scene.tell(flow, {.moment = FlowMoment::burst, .bytes = {60, 60}, .all_packets = {4, 4}});
    };
    for (size_t i = 0; i < names; ++i) call(static_cast<double>(i), sites[i], ja4, application);
    for (int i = 0; i < 40; ++i) call(100 + 60.0 * i, "c2.example.net", kBrowser, "TLS");
    const auto all = scene.found(*detector<Beacon>().read(OptionSource()));
    return all.empty() ? 0 : int{all.back().confidence};
  };
  const int sure = confidence(0, kBrowser, "TLS");
  EXPECT_GE(sure, 70);
  EXPECT_EQ(confidence(25, kBrowser, "TLS"), sure - 15);
  EXPECT_EQ(confidence(10, kBrowser, "TLS"), sure) << "so many are called by any program";
  EXPECT_EQ(confidence(25, kOther, "TLS"), sure) << "another program browses";
  EXPECT_EQ(confidence(25, kBrowser, "TLS.Microsoft"), sure) << "the system's own services";
}

/// Of a peer that half of all hosts call by the clock, each is of little harm.
TEST_F(BeaconTest, WhatMostHostsCallCameToThemByOrder) {
  const auto call = [&](int host, std::string_view name, int server, double since) {
    for (int i = 0; i < 40; ++i) {
      FlowRef flow = scene_.at(since + 60.0 * i)
                         .flow({"10.0.0." + std::to_string(host), "198.51.100." + std::to_string(server), 443});
      flow.host = name;
      flow.protocol = "tls";
      scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {60, 60}, .all_packets = {4, 4}});
    }
  };
  for (int host = 1; host <= 12; ++host) call(host, "agent.example.com", 9, 1 + host * 0.7);
  call(13, "c2.example.net", 8, 20);
  for (int host = 1; host <= 12; ++host) {
    play(beacon({.period = 60}, 7200, 1), {"10.0.0." + std::to_string(host), "10.0.3.10", 389});
  }
  unsigned other = 0;
  for (const Behaviour& one : found()) {
    if (one.state != FindingState::over) continue;
    EXPECT_EQ(one.severity, one.objects.front() == "example.com" ? 35 : 70) << one.objects.front();
    other += one.objects.front() == "example.net";
  }
  EXPECT_GT(other, 0U);
}

TEST_F(BeaconTest, AFlowWithoutAnyNameIsOfItsAddress) {
  for (int i = 0; i < 40; ++i) {
    FlowRef flow = scene_.at(900.0 * i).flow(kOutside);
    flow.midstream = true;
    scene_.tell(flow, {.moment = FlowMoment::burst, .bytes = {60, 60}, .all_packets = {4, 4}});
  }
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found().back().objects.front(), "198.51.100.9:4444");
  EXPECT_EQ(found().back().severity, 70);
}

TEST_F(BeaconTest, AVirtualPrivateNetworkSeenFromTheMiddle) {
  play(beacon({.period = 25}, 3600, 1), {"10.0.0.7", "198.51.100.9", 51820, 17});
  EXPECT_TRUE(found().empty());
  play(beacon({.period = 25}, 3600, 1), {"10.0.0.7", "198.51.100.9", 51820, 6});
  EXPECT_FALSE(found().empty()) << "of UDP alone";
}

// As an agent that only reports.
TEST_F(BeaconTest, DatagramsThatNobodyAnswers) {
  for (int i = 0; i < 11; ++i) scene_.at(60.0 * i).silent({"10.0.0.7", "198.51.100.9", 7011, 17});
  ASSERT_FALSE(found().empty());
  EXPECT_LT(found().front().severity, 40) << "what nobody answers brings no orders";
}

TEST_F(BeaconTest, FewCallsWhereTheClockIsExact) {
  for (int calls : {7, 8, 11, 12}) {
    Scene scene;
    for (int i = 0; i < calls; ++i) {
      const FlowRef flow = scene.at(60.0 * i + i % 3).flow(kOutside);
      scene.tell(flow, {.moment = FlowMoment::burst, .bytes = {236, 141}, .all_packets = {4, 4}});
    }
    const auto all = scene.found(*detector<Beacon>().read(OptionSource()));
    ASSERT_EQ(all.empty(), calls < 8) << calls;
    if (all.empty()) continue;
    EXPECT_EQ(all.front().severity, 35);
    EXPECT_EQ(all.size() > 2, calls >= 13) << "its level changes";
  }
}

TEST_F(BeaconTest, NotOfTheOutsideNorOfWhatIsKnown) {
  play(beacon({.period = 60}, 3600, 1), {"198.51.100.9", "10.0.0.7", 443});
  play(beacon({.period = 60}, 900, 1), {"10.0.0.7", "198.51.100.9", 5222}, "TLS.WhatsApp");
  EXPECT_TRUE(found().empty());
}

TEST(BeaconConfidenceTest, EachCircumstanceCounts) {
  RhythmJudgement rhythm{.all = {.n = 64, .band = 1000, .band_needed = 800, .comb = 0, .comb_needed = 1001},
                         .same_size = {.band_needed = 1001, .comb_needed = 1001},
                         .same_size_percent = 100};
  struct Row {
    Beacon::Circumstances of;
    unsigned percent;
  };
  const Row rows[] = {
      {{.named = true}, 70},
      {{.seconds = 1200, .named = true}, 75},
      {{.seconds = 86'400, .named = true}, 85},
      {{}, 75},
      {{.bare = true}, 80},
      {{.named = true, .known = true}, 30},
      {{.named = true, .datagrams = true}, 50},
      {{.named = true, .rare = true}, 80},
      {{.named = true, .prevalent = true}, 40},
      {{.named = true, .unanswered = true}, 50},
  };
  for (const Row& row : rows) EXPECT_EQ(Beacon::confidence(rhythm, row.of), row.percent);
  rhythm.all.band = 799;
  EXPECT_EQ(Beacon::confidence(rhythm, {}), 0U);
}

}  // namespace
}  // namespace lapwing::analytics
