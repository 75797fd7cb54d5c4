#include "analytics/detectors/flood.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/analytics/detectors/packet_scene.h"

namespace lapwing::analytics {
namespace {

using test::Ends;
using test::Scene;

std::string spoofed(int number) {
  return std::to_string(11 + number % 80) + "." + std::to_string(number / 250 % 250) + "." +
         std::to_string(number % 250) + ".7";
}

class FloodTest : public testing::Test {
 protected:
  std::vector<Behaviour> found() const { return scene_.found(*detector<Flood>().read(OptionSource())); }
  std::string kind() const {
    const auto all = found();
    if (all.empty()) return "";
    const std::string& evidence = all.front().evidence;
    return evidence.substr(9, evidence.find(',') - 10);
  }
  /// What a flow is told at its first packet, and once it is in use.
  void open(const Ends& ends, bool used, uint8_t flags = 2) {
    const FlowRef flow = scene_.flow(ends);
    scene_.tell(flow, {.moment = FlowMoment::opened, .all_packets = {1, 0}, .tcp_flags = {flags, 0}});
    if (!used) return;
    scene_.tell(flow, {.moment = FlowMoment::answered, .all_packets = {1, 1}, .tcp_flags = {flags, 18}});
    scene_.tell(flow, {.moment = FlowMoment::identified, .all_packets = {3, 1}, .tcp_flags = {26, 18}});
  }
  Scene scene_;
};

TEST_F(FloodTest, ConnectionsThatNobodyUses) {
  for (int i = 0; i < 3000; ++i) {
    scene_.at(i / 200.0);
    open({spoofed(i), "10.0.0.9", 80}, false);
  }
  const auto all = found();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].objects, std::vector<std::string>{"10.0.0.9:80"});
  EXPECT_EQ(all[0].severity, 80);
  EXPECT_EQ(all[1].count, 3000U);
  EXPECT_EQ(kind(), "syn");
}

// A flood of ACK, of RST, of SYN/ACK that others were made to send, as it is seen at its target.
TEST_F(FloodTest, SegmentsOfNoConnection) {
  for (const uint8_t flags : {uint8_t{16}, uint8_t{4}, uint8_t{18}, uint8_t{17}}) {
    for (bool turned : {false, true}) {
      Scene scene;
      for (int i = 0; i < 3000; ++i) {
        const std::string one = spoofed(i);
        FlowRef flow = scene.at(i / 200.0).flow(turned ? Ends{"10.0.0.9", one, 443} : Ends{one, "10.0.0.9", 80});
        flow.midstream = true;
        const uint64_t first = turned ? 0 : 1;
        scene.tell(flow, {.moment = FlowMoment::opened,
                          .all_packets = {first, 1 - first},
                          .tcp_flags = {turned ? uint8_t{0} : flags, turned ? flags : uint8_t{0}}});
        if (i % 2) scene.tell(flow, {.moment = FlowMoment::refused, .all_packets = {1, 1}});
      }
      const auto all = scene.found(*detector<Flood>().read(OptionSource()));
      ASSERT_FALSE(all.empty()) << int{flags};
      EXPECT_EQ(all[0].evidence.substr(0, 15), R"({"kind":"stray")");
      EXPECT_EQ(all[0].objects, std::vector<std::string>{turned ? "10.0.0.9:40000" : "10.0.0.9:80"});
    }
  }
}

TEST_F(FloodTest, ASensorThatBeginsAmidConnections) {
  for (int i = 0; i < 12'000; ++i) {
    const double begun = i < 2000 ? i / 2000.0 : 1 + i / 500.0;
    FlowRef flow = scene_.at(begun).flow({spoofed(i), "10.0.0.9", 443});
    flow.midstream = true;
    scene_.tell(flow, {.moment = FlowMoment::opened, .all_packets = {1, 0}, .tcp_flags = {16, 0}});
    scene_.at(begun + 1).tell(flow, {.moment = FlowMoment::answered, .all_packets = {1, 1}, .tcp_flags = {16, 16}});
  }
  EXPECT_TRUE(found().empty());
}

// Whole requests, each answered: 40 a second of each of six hosts.
TEST_F(FloodTest, ALoadOfFewSenders) {
  for (int i = 0; i < 240 * 40; ++i) {
    scene_.at(i / 240.0);
    open({spoofed(i % 6), "10.0.0.9", 443}, true);
  }
  EXPECT_EQ(kind(), "load");
  const auto all = found();
  EXPECT_EQ(level_of(all[0].severity, all[0].confidence), FindingLevel::low);
  EXPECT_EQ(all[0].attack.at(0).id, "T1499.002");
}

TEST_F(FloodTest, LoadsThatAreUsual) {
  for (int i = 0; i < 240 * 40; ++i) {
    scene_.at(i / 240.0);
    open({"10.0.0.7", "10.0.0.9", 443}, true);                    // a balancer and its server
    open({spoofed(i % 20), "10.0.0.8", 443}, true);               // a busy server
    if (i < 240 * 20) open({spoofed(0), "10.0.0.6", 443}, true);  // an upload of many files
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(FloodTest, ACrowdThatIsServed) {
  for (int i = 0; i < 6000; ++i) {
    scene_.at(i / 600.0);
    open({spoofed(i), "10.0.0.9", 80}, i % 10 != 0);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(FloodTest, PortsThatOneSourceTriesAreAScan) {
  for (int i = 0; i < 6000; ++i) {
    scene_.at(i / 400.0);
    open({"198.51.100.9", "10.0.0.9", static_cast<uint16_t>(1 + i)}, false);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(FloodTest, DatagramsThatNobodyAnswers) {
  for (int i = 0; i < 8000; ++i) {
    scene_.at(i / 2000.0);
    open({spoofed(i), "10.0.0.9", static_cast<uint16_t>(i * 7), 17}, false);
  }
  EXPECT_EQ(kind(), "datagram");
}

TEST_F(FloodTest, ABusyResolver) {
  for (int i = 0; i < 8000; ++i) {
    scene_.at(i / 2000.0);
    open({spoofed(i), "10.0.0.9", 53, 17}, true);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(FloodTest, AnswersThatNobodyAskedFor) {
  for (int i = 0; i < 4000; ++i) {
    scene_.at(i / 400.0);
    open({spoofed(i), "10.0.0.9", 40'000, 17, 123}, false);
  }
  EXPECT_EQ(kind(), "answer");
}

TEST_F(FloodTest, AnswersToAWellKnownPort) {
  for (int i = 0; i < 4000; ++i) {
    scene_.at(i / 400.0);
    open({spoofed(i), "10.0.0.9", 80, 17, 123}, false);
  }
  EXPECT_EQ(kind(), "answer");
}

// What the answer says has turned the flow round.
TEST_F(FloodTest, AnswersWhoseClientNeverAsked) {
  for (bool asked : {false, true}) {
    Scene scene;
    for (int i = 0; i < 4000; ++i) {
      const FlowRef flow = scene.at(i / 400.0).flow({"10.0.0.9", spoofed(i), 53, 17});
      const uint64_t questions = asked ? 1 : 0;
      scene.tell(flow, {.moment = FlowMoment::opened, .all_packets = {questions, 1 - questions}});
      if (asked) scene.tell(flow, {.moment = FlowMoment::answered, .all_packets = {1, 1}});
    }
    const auto all = scene.found(*detector<Flood>().read(OptionSource()));
    ASSERT_EQ(all.empty(), asked);
    if (!asked) {
      EXPECT_EQ(all[0].objects, std::vector<std::string>{"10.0.0.9"});
    }
  }
}

// Told when the exchange is over, by a clock that stands still in between or at the end of all.
TEST_F(FloodTest, AnswersThatAreSentToWhoDidNotAsk) {
  const auto answered = [](double rate, uint64_t answer, bool at_end, const std::string& asker = "198.51.100.9") {
    Scene scene;
    for (int i = 0; i < 30 * rate; ++i) {
      const double begun = i / rate;
      const FlowRef flow =
          scene.at(begun).flow({asker, "10.0.0.53", 53, 17, static_cast<uint16_t>(1024 + i * 7 % 60'000)});
      FlowUpdate over{.moment = FlowMoment::closed, .bytes = {40, answer}, .packets = {1, 1}, .all_packets = {1, 1}};
      scene.at(at_end ? 40 : begun + 10).tell(flow, over);
    }
    return scene.found(*detector<Flood>().read(OptionSource()));
  };
  for (bool at_end : {false, true}) {
    const auto found = answered(200, 3000, at_end);
    ASSERT_FALSE(found.empty()) << at_end;
    EXPECT_EQ(found[0].subject, "10.0.0.53");
    EXPECT_EQ(found[0].objects, std::vector<std::string>{"198.51.100.9"});
    EXPECT_EQ(found[0].attack.at(0).id, "T1498.002");
    EXPECT_TRUE(answered(20, 3000, at_end).empty()) << "a resolver that asks for many";
    EXPECT_TRUE(answered(200, 300, at_end).empty()) << "answers as they are";
    EXPECT_TRUE(answered(200, 3000, at_end, "10.0.0.9").empty()) << "one of ours";
  }
}

TEST_F(FloodTest, TheSameOfOnePort) {
  const auto answered = [](uint64_t questions) {
    Scene scene;
    const FlowRef flow = scene.flow({"198.51.100.9", "10.0.0.53", 123, 17, 80});
    scene.at(15).tell(flow, {.moment = FlowMoment::closed,
                             .bytes = {8 * questions, 4400 * questions},
                             .packets = {questions, 10 * questions},
                             .all_packets = {questions, 10 * questions}});
    return scene.found(*detector<Flood>().read(OptionSource()));
  };
  EXPECT_FALSE(answered(3000).empty());
  EXPECT_TRUE(answered(300).empty());
}

TEST_F(FloodTest, RequestsForAddresses) {
  const FlowRef flow = scene_.flow({"0.0.0.0", "255.255.255.255", 67, 17, 68});
  scene_.at(1).tell(flow, {.moment = FlowMoment::closed, .packets = {10'000, 0}, .all_packets = {10'000, 0}});
  EXPECT_EQ(kind(), "lease");
}

TEST_F(FloodTest, AMorningInTheOffice) {
  const FlowRef flow = scene_.flow({"0.0.0.0", "255.255.255.255", 67, 17, 68});
  scene_.at(60).tell(flow, {.moment = FlowMoment::tick, .packets = {3000, 0}, .all_packets = {3000, 0}});
  EXPECT_TRUE(found().empty());
}

TEST_F(FloodTest, StationsThatAreMadeUp) {
  for (int i = 0; i < 8000; ++i) {
    const auto host = static_cast<uint8_t>(1 + i % 200);
    show(scene_.at(i / 800.0), {host, host, 250, 250, true});
  }
  EXPECT_EQ(kind(), "message");
}

TEST_F(FloodTest, OneStationThatAsksForAll) {
  for (int i = 0; i < 8000; ++i) show(scene_.at(i / 800.0), {1, 1, static_cast<uint8_t>(2 + i % 200)});
  EXPECT_TRUE(found().empty());
}

TEST_F(FloodTest, ConnectionsThatAreHeldAndNotUsed) {
  const auto held = [](uint8_t server_flags, uint64_t packets, int count) {
    Scene scene;
    for (int i = 0; i < count; ++i) {
      const FlowRef flow = scene.at(i * 0.1).flow({"198.51.100.9", "10.0.0.9", 443});
      scene.at(45 + i * 0.1)
          .tell(flow, {.moment = FlowMoment::closed, .all_packets = {packets, 2}, .tcp_flags = {18, server_flags}});
    }
    return !scene.found(*detector<Flood>().read(OptionSource())).empty();
  };
  EXPECT_TRUE(held(18, 4, 60));
  EXPECT_FALSE(held(18, 4, 40));
  EXPECT_FALSE(held(20, 1, 60)) << "refused";
  EXPECT_FALSE(held(18, 40, 60)) << "one that was used before its last tick";
}

// A few connections each, at different times.
TEST_F(FloodTest, ManyWhoKeepRequestsGoing) {
  const auto kept = [](std::string_view protocol, uint64_t packets, int senders) {
    Scene scene;
    for (int i = 0; i < 120; ++i) {
      FlowRef flow = scene.at(i * 0.5).flow({spoofed(i % senders), "10.0.0.9", 80});
      flow.protocol = protocol;
      scene.at(61 + i * 0.5)
          .tell(flow, {.moment = FlowMoment::tick,
                       .bytes = {180, 0},
                       .packets = {packets, 0},
                       .all_packets = {packets + 3, packets},
                       .tcp_flags = {24, 18}});
    }
    return scene.found(*detector<Flood>().read(OptionSource()));
  };
  const auto found = kept("http", 5, 30);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].evidence.substr(0, 17), R"({"kind":"trickle")");
  EXPECT_TRUE(kept("http", 1, 30).empty()) << "they wait for what is thought about";
  EXPECT_TRUE(kept("failed", 5, 30).empty()) << "logs are sent so, and not answered";
  for (const Behaviour& of : kept("http", 5, 1)) EXPECT_EQ(of.evidence.substr(0, 14), R"({"kind":"slow")");
}

TEST_F(FloodTest, RequestsThatDoNotEnd) {
  for (int i = 0; i < 60; ++i) {
    const FlowRef flow = scene_.at(i * 0.1).flow({"198.51.100.9", "10.0.0.9", 80});
    scene_.at(61 + i * 0.1)
        .tell(flow, {.moment = FlowMoment::tick,
                     .bytes = {80, 0},
                     .packets = {5, 0},
                     .all_packets = {8, 6},
                     .tcp_flags = {26, 18}});
  }
  EXPECT_EQ(kind(), "slow");
}

TEST_F(FloodTest, AConnectionIsKeptWaitingOnceHoweverLong) {
  const auto kept = [](int count) {
    Scene scene;
    std::vector<FlowRef> flows;
    for (int i = 0; i < count; ++i) flows.push_back(scene.at(i * 0.1).flow({"10.0.0.5", "10.0.0.9", 514}));
    const auto tell = [&](double from, FlowMoment moment, uint64_t all) {
      for (int i = 0; i < count; ++i) {
        scene.at(from + i * 0.1)
            .tell(flows[static_cast<size_t>(i)], {.moment = moment,
                                                  .bytes = {80, 0},
                                                  .packets = {3, 0},
                                                  .all_packets = {all, all - 1},
                                                  .tcp_flags = {26, 18}});
      }
    };
    for (int tick = 1; tick < 8; ++tick) tell(61 * tick, FlowMoment::tick, 3 + 3 * static_cast<uint64_t>(tick));
    tell(61 * 7 + 45, FlowMoment::closed, 27);
    return scene.found(*detector<Flood>().read(OptionSource()));
  };
  EXPECT_TRUE(kept(40).empty());
  EXPECT_FALSE(kept(60).empty());
}

TEST_F(FloodTest, ManyClientsWithOneQuietConnectionEach) {
  for (int i = 0; i < 60; ++i) {
    const FlowRef flow = scene_.at(i * 0.1).flow({spoofed(i), "10.0.0.9", 514});
    scene_.at(61 + i * 0.1)
        .tell(flow, {.moment = FlowMoment::tick,
                     .bytes = {80, 0},
                     .packets = {5, 0},
                     .all_packets = {8, 6},
                     .tcp_flags = {26, 18}});
  }
  EXPECT_TRUE(found().empty());
}

}  // namespace
}  // namespace lapwing::analytics
