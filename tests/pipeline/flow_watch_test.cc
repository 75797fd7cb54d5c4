// What detectors are told of flows, and that several workers tell the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

using Testimony = std::vector<std::string>;

std::string_view word(FlowMoment moment) {
  constexpr std::string_view kWords[kMoments] = {"opened", "answered",   "refused", "unanswered", "burst",
                                                 "spoke",  "identified", "tick",    "closed"};
  return kWords[static_cast<size_t>(moment)];
}

/// A detector that finds whatever it is shown: a line each, in the order of their texts.
struct Witness {
  static constexpr Technique kTechniques[] = {{"T1046", "TA0007"}};
  static constexpr analytics::About about{
      .name = "witness", .techniques = kTechniques, .software = true, .moments = (1U << kMoments) - 1, .help = "all"};
  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }

  struct Delta {
    void operator+=(Delta&& other) { lines.insert(lines.end(), other.lines.begin(), other.lines.end()); }
    bool empty() const { return lines.empty(); }
    void seal() const {
      if (starved) throw std::bad_alloc();
    }
    Testimony lines;
  };
  struct Local {
    Local(const Config&, const analytics::Surroundings&) {}
    static void flow(const FlowUpdate& update, Delta& delta) {
      const FlowRef& flow = *update.flow;
      std::string line = std::to_string(update.time.seconds() - Capture::kStart) + " " +
                         std::string(word(update.moment)) + " " + std::to_string(flow.server_port);
      if (update.moment >= FlowMoment::unanswered && update.moment != FlowMoment::identified) {
        line += " " + std::to_string(update.bytes[0]) + "/" + std::to_string(update.bytes[1]);
      }
      if (update.moment == FlowMoment::identified) line += " " + std::string(flow.protocol);
      if (update.icmp) line += " icmp " + std::to_string(update.icmp_type) + "," + std::to_string(update.icmp_code);
      if (flow.one_sided) line += " one-sided";
      if (flow.midstream) line += " midstream";
      if (flow.ja4 != 0) line += " hello";
      delta.lines.push_back(line);
    }
  };
  struct Global {
    Global(const Config&, const analytics::Surroundings&) {}
    static void take(analytics::Second, Delta& delta, analytics::Findings&) {
      std::ranges::sort(delta.lines);
      seen.insert(seen.end(), delta.lines.begin(), delta.lines.end());
    }
    static void expire(analytics::Second, analytics::Findings&) {}
    static analytics::StateUse use() { return {}; }
  };

  static inline Testimony seen;
  static inline bool starved = false;  // there is no memory for what was seen
};

Outcome watched(const Capture& capture, size_t workers) {
  Witness::seen.clear();
  SensorSetup setup{.workers = workers};
  setup.detectors.push_back(std::make_shared<analytics::made::DetectorOf<Witness>>(OptionSource()));
  return sense(capture, setup);
}

Testimony told(const Capture& capture, size_t workers) {
  watched(capture, workers);
  return Witness::seen;
}

/// Of one and of four workers, which must be the same.
Testimony told(const Capture& capture) {
  const Testimony one = told(capture, 1);
  EXPECT_EQ(told(capture, 4), one);
  return one;
}

Testimony of_port(const Testimony& lines, uint16_t port) {
  Testimony out;
  const std::string mark = " " + std::to_string(port);
  std::ranges::copy_if(lines, std::back_inserter(out), [&](const std::string& line) {
    const size_t at = line.find(mark);
    return at != std::string::npos && (at + mark.size() == line.size() || line[at + mark.size()] == ' ');
  });
  return out;
}

TEST(FlowWatch, AConnectionIsToldInBursts) {
  Capture capture;
  Conversation talk(capture, {.server_port = 80});
  talk.open();
  talk.client("GET / HTTP/1.1\r\nHost: a.org\r\n\r\n").server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  capture.wait(5);
  talk.client("GET /b HTTP/1.1\r\n\r\n").server("HTTP/1.1 204 No Content\r\n\r\n");
  capture.wait(70);
  talk.client("GET /c HTTP/1.1\r\n\r\n").close();
  EXPECT_EQ(told(capture),
            (Testimony{"0 answered 80", "0 identified 80 http", "0 opened 80", "0 burst 80 31/40", "5 burst 80 19/27",
                       "75 burst 80 19/0", "75 closed 80 19/0", "75 tick 80 50/67"}));
}

TEST(FlowWatch, HowAClientSaysHelloStaysWithItsFlow) {
  Capture capture;
  Conversation talk(capture, {.server_port = 443});
  talk.open();
  talk.client(std::string("\x16\x03\x03\0\x2f\1\0\0\x2b\3\3", 11) + std::string(32, 'R') +
              std::string("\0\0\x04\xc0\x2f\xc0\x30\1\0", 9));
  capture.wait(5);
  talk.close();
  EXPECT_EQ(told(capture),
            (Testimony{"0 answered 443", "0 opened 443", "0 burst 443 52/0 hello", "5 closed 443 52/0 hello"}));
}

/// Of a tunnel through a proxy the beginning is told with what the proxy was asked, where nothing is known to be in
// it.
TEST(FlowWatch, WhatAProxyPassesOnIsToldWhereItIsOfNoProtocol) {
  for (const Cut cut : {Cut::whole, Cut::bytes, Cut::scrambled, Cut::twice}) {
    for (const bool tunnel : {true, false}) {
      Capture capture(cut);
      Conversation talk(capture, {.server_port = 8080});
      talk.open().client(tunnel ? "CONNECT a.org:1 HTTP/1.1\r\nHost: a.org\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n");
      talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      if (tunnel) talk.client("{\"id\":1}\n").server("{\"id\":2}\n");
      talk.close();
      const Testimony lines = told(capture);
      EXPECT_EQ(std::ranges::count(lines, "0 spoke 8080 0/0"), tunnel) << testing::PrintToString(lines);
    }
  }
}

TEST(FlowWatch, SilenceIsToldAfterItsTimeAndRefusalAtOnce) {
  Capture capture;
  Conversation(capture, {.server_port = 1}).syn();
  Conversation(capture, {.server_port = 2}).datagram(Direction::to_server, "x");
  capture.add(PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 3).flags(tcp_flag::syn));
  capture.add(PacketBuilder().ether().ipv4("10.0.0.2", "10.0.0.1").tcp(3, 40000).flags(tcp_flag::rst | tcp_flag::ack));
  Conversation(capture, {.server_port = 4}).open().close();
  capture.wait(10);
  Conversation(capture, {.server_port = 5}).syn();
  const Testimony lines = told(capture);
  EXPECT_EQ(of_port(lines, 1), (Testimony{"0 opened 1", "3 unanswered 1 0/0", "0 closed 1 0/0"}));
  EXPECT_EQ(of_port(lines, 2),
            (Testimony{"0 identified 2 failed", "0 opened 2", "3 unanswered 2 1/0", "0 closed 2 0/0"}));
  EXPECT_EQ(of_port(lines, 3), (Testimony{"0 opened 3", "0 refused 3", "0 closed 3 0/0"}));
  EXPECT_EQ(of_port(lines, 4), (Testimony{"0 answered 4", "0 opened 4", "0 burst 4 0/0", "0 closed 4 0/0"}));
  EXPECT_EQ(of_port(lines, 5), (Testimony{"10 closed 5 0/0", "10 opened 5", "10 unanswered 5 0/0"}))
      << "no longer is waited";
}

TEST(FlowWatch, OneSideThatGoesOnAloneIsSaidToBeSo) {
  Capture capture;
  Conversation talk(capture, {.server_port = 6});
  talk.hide(Direction::to_client).open().client("hello");
  const Testimony lines = told(capture);
  EXPECT_NE(std::ranges::find(lines, "0 closed 6 5/0 one-sided"), lines.end()) << testing::PrintToString(lines);
}

/// Though the stream engine does not take it up by itself (stream.midstream).
TEST(FlowWatch, AConnectionWhoseBeginningWasNotSeenIsSaidToBeSo) {
  Capture capture;
  Conversation(capture, {.server_port = 7}).client("ping").server("pong");
  capture.add(PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 8).flags(tcp_flag::fin));
  Conversation(capture, {.server_port = 9}).datagram(Direction::to_server, "x");
  const Testimony lines = told(capture);
  EXPECT_EQ(of_port(lines, 7),
            (Testimony{"0 answered 7 midstream", "0 burst 7 4/4 midstream", "0 closed 7 4/4 midstream",
                       "0 opened 7 one-sided midstream", "0 spoke 7 0/0 midstream"}));
  for (const uint16_t port : {uint16_t{8}, uint16_t{9}}) {
    for (const std::string& line : of_port(lines, port)) EXPECT_EQ(line.find("midstream"), std::string::npos) << line;
    EXPECT_FALSE(of_port(lines, port).empty());
  }
}

TEST(FlowWatch, WhereMemoryLacksForWhatWasSeenNobodyWaitsForIt) {
  Capture capture;
  Conversation(capture, {.server_port = 7}).open().client("hello").close();
  Witness::starved = true;
  for (size_t workers : {1, 4}) {
    const Outcome outcome = watched(capture, workers);
    EXPECT_EQ(Witness::seen, Testimony());
    EXPECT_EQ(outcome.of("flow").size(), 1U);
    EXPECT_GT(outcome.stat("flow.out_of_memory"), 0U);
  }
  Witness::starved = false;
}

}  // namespace
}  // namespace lapwing::test
