// Connections whose beginning was not seen: detectors are shown what is in them, records and rules are as without.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "analytics/frame/fields.h"
#include "sensor/decode/decode.h"
#include "sensor/pipeline/midway.h"
#include "sensor/pipeline/sensor_config.h"
#include "tests/pipeline/http_answer.h"
#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

using Requests = std::set<std::string>;
constexpr std::string_view kAsk = "GET /a HTTP/1.1\r\nHost: a.org\r\n\r\n";

/// A detector that sees each request of the web.
struct Reader {
  static constexpr Technique kTechniques[] = {{"T1046", "TA0007"}};
  static constexpr std::string_view kProtocols[] = {"http"};
  static constexpr std::string_view kFields[] = {"http.url"};
  static constexpr analytics::About about{
      .name = "reader", .techniques = kTechniques, .protocols = kProtocols, .fields = kFields, .help = "all"};
  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }

  struct Delta {
    void operator+=(Delta&& other) { lines.merge(other.lines); }
    bool empty() const { return lines.empty(); }
    static void seal() {}
    Requests lines;
  };
  struct Local {
    Local(const Config&, const analytics::Surroundings&) {}
    void event(const analytics::Observed& observed, Delta& delta) {
      const FlowRef& flow = *observed.flow;
      delta.lines.insert(std::string(url.text(observed.event)) + " " + to_string(flow.server) + " " +
                         std::to_string(flow.server_port) + (flow.midstream ? " midstream" : ""));
    }
    analytics::FieldReader url{kFields[0]};
  };
  struct Global {
    Global(const Config&, const analytics::Surroundings&) {}
    static void take(analytics::Second, Delta& delta, analytics::Findings&) {
      seen.insert(delta.lines.begin(), delta.lines.end());
    }
    static void expire(analytics::Second, analytics::Findings&) {}
    static analytics::StateUse use() { return {}; }
  };

  static inline std::set<std::string> seen;  // each request has several events
};

/// A detector that hears what streams of unknown protocol begin with.
struct Hearer {
  static constexpr Technique kTechniques[] = {{"T1046", "TA0007"}};
  static constexpr analytics::About about{
      .name = "hearer", .techniques = kTechniques, .moments = bit(FlowMoment::spoke), .help = "all"};
  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }

  struct Delta {
    void operator+=(Delta&& other) { said.insert(said.end(), other.said.begin(), other.said.end()); }
    bool empty() const { return said.empty(); }
    static void seal() {}
    std::vector<std::string> said;
  };
  struct Local {
    Local(const Config&, const analytics::Surroundings&) {}
    static void flow(const FlowUpdate& update, Delta& delta) {
      delta.said.push_back(std::string(to_text(update.said[0])) + "|" + std::string(to_text(update.said[1])) +
                           (update.flow->midstream ? " midstream" : ""));
    }
  };
  struct Global {
    Global(const Config&, const analytics::Surroundings&) {}
    static void take(analytics::Second, Delta& delta, analytics::Findings&) {
      heard.insert(heard.end(), delta.said.begin(), delta.said.end());
    }
    static void expire(analytics::Second, analytics::Findings&) {}
    static analytics::StateUse use() { return {}; }
  };

  static inline std::vector<std::string> heard;
};

const std::string kAskRules =
    "alert tcp any any -> any any (msg:\"raw\"; content:\"GET /a\"; sid:1;)\n"
    "alert http any any -> any any (msg:\"web\"; http.uri; content:\"/a\"; sid:2;)\n";

Outcome read(const Capture& capture, std::string options = {}, size_t workers = 1) {
  Reader::seen.clear();
  Hearer::heard.clear();
  SensorSetup setup{.options = std::move(options), .rules = kAskRules, .workers = workers};
  setup.detectors.push_back(std::make_shared<analytics::made::DetectorOf<Reader>>(OptionSource()));
  setup.detectors.push_back(std::make_shared<analytics::made::DetectorOf<Hearer>>(OptionSource()));
  return sense(capture, setup);
}

std::string off(std::string_view analytics) {
  return "analytics:\n  " + std::string(analytics) + "\n";
}

TEST(Midway, IsReadForBehaviourAloneHoweverItWasCut) {
  for (const Cut cut : {Cut::whole, Cut::bytes, Cut::twice}) {
    Capture capture(cut);
    Conversation(capture, {.server_port = 80}).client(kAsk).server(kHttpAnswer).close();
    const auto without = read(capture, off("midstream: no")).told();
    EXPECT_EQ(Reader::seen, Requests());
    for (const size_t workers : {1, 4}) {
      const Outcome outcome = read(capture, {}, workers);
      EXPECT_EQ(Reader::seen, Requests{"/a 10.0.0.2 80 midstream"}) << static_cast<int>(cut);
      EXPECT_EQ(outcome.told(), without);
      EXPECT_EQ(outcome.stat("analytics.midstream"), 1U);
    }
  }
}

TEST(Midway, WhatIsSeenFirstOfUnknownStreamsIsHeard) {
  using Heard = std::vector<std::string>;
  for (const Cut cut : {Cut::whole, Cut::bytes, Cut::twice}) {
    Capture capture(cut);
    Conversation(capture, {.server_port = 4444}).server("\x01>").client("\x02 dir").server("\x01<>").close();
    read(capture);
    EXPECT_EQ(Hearer::heard, Heard{"\x01>\x01<>|\x02 dir midstream"}) << "who speaks first is taken for the client";
    read(capture, off("midstream: no"));
    EXPECT_EQ(Hearer::heard, Heard{});

    Capture known(cut);
    Conversation(known, {.server_port = 80}).client(kAsk).server(kHttpAnswer).close();
    read(known);
    EXPECT_EQ(Hearer::heard, Heard{});

    Capture one_sided(cut);
    Conversation(one_sided, {.server_port = 4444}).client(std::string(6000, '\x02')).close();
    read(one_sided);
    EXPECT_EQ(Hearer::heard, Heard{std::string(kBeginning, '\x02') + "| midstream"});
  }
}

TEST(Midway, WhoSpeaksFirstIsNotWhoAsks) {
  Capture capture;
  Conversation(capture, {.server_port = 8080}).server(kHttpAnswer).client(kAsk).server(kHttpAnswer).close();
  const Outcome outcome = read(capture);
  EXPECT_TRUE(Reader::seen.contains("/a 10.0.0.2 8080 midstream")) << testing::PrintToString(Reader::seen);
  EXPECT_EQ(outcome.of("flow").at(0)["dest_port"], 40000) << "of which records know nothing";
}

TEST(Midway, WhereTheSensorFollowsNobodyElseDoes) {
  Capture capture;
  Conversation(capture, {.server_port = 80}).client(kAsk).server(kHttpAnswer).close();
  Outcome outcome = read(capture, "stream:\n  midstream: yes\n");
  EXPECT_EQ(Reader::seen, Requests{"/a 10.0.0.2 80 midstream"});
  EXPECT_EQ(outcome.of("http").size(), 1U);
  EXPECT_EQ(outcome.stat("analytics.midstream"), 0U);

  Capture begun;
  Conversation(begun, {.server_port = 80}).open().client(kAsk).server(kHttpAnswer).close();
  outcome = read(begun);
  EXPECT_EQ(Reader::seen, Requests{"/a 10.0.0.2 80"});
  EXPECT_EQ(outcome.stat("analytics.midstream"), 0U);
}

TEST(Midway, AScanLeavesNothingBehind) {
  Capture capture;
  for (uint16_t port = 1; port < 50; ++port) {
    capture.add(PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, port).flags(tcp_flag::ack));
  }
  EXPECT_EQ(read(capture).stat("analytics.midstream"), 0U);
}

/// A Midway of its own, and a connection that it looks at.
struct Watcher {
  explicit Watcher(Midway::Hear hear)
      : midway(
            {.enabled = true, .memcap = 1 << 20}, config->stream, config->app, config->budget,
            [this](const Look&, const Event&) { ++events; }, std::move(hear)) {}
  void see(Direction from, const PacketBuilder& built) {
    const BuiltFrame frame = built.build();
    ASSERT_EQ(decoder.decode(frame, packets), 1U);
    midway.packet(Look(packets[0], &flow, from, config->budget, false), followed);
  }
  void client(uint32_t sent, std::string_view bytes) {
    see(Direction::to_server,
        PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9000).seq(sent).ack(1).payload(bytes));
  }
  void acknowledge(uint32_t sent) {
    see(Direction::to_client, PacketBuilder().ether().ipv4("10.0.0.2", "10.0.0.1").tcp(9000, 40000).seq(1).ack(sent));
  }

  std::shared_ptr<const SensorConfig> config = [] {
    Setting root;
    root.kind = Setting::Kind::map;
    return SensorConfig::read(root, {});
  }();
  size_t events = 0;
  Midway midway;
  Decoder decoder{config->decode, ChecksumMode::none};
  std::vector<Packet> packets{kMaxPackets};
  Flow flow;
  Followed followed;
};

TEST(Midway, TheOnlySegmentIsReadWhereAnythingElseWasSeen) {
  Capture capture;
  Conversation(capture, {.server_port = 80}).client(kAsk);  // which is acknowledged
  EXPECT_EQ(read(capture).stat("analytics.midstream-alone"), 0U);
  EXPECT_EQ(Reader::seen, Requests{"/a 10.0.0.2 80 midstream"});

  Capture forged;
  forged.add(PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).seq(1).ack(1).payload(kAsk));
  const Outcome outcome = read(forged);
  EXPECT_EQ(outcome.stat("analytics.midstream"), 1U);
  EXPECT_EQ(outcome.stat("analytics.midstream-alone"), 1U);
  EXPECT_EQ(Reader::seen, Requests());

  Watcher lone([](const Chunk&) { return false; });
  lone.client(1, kAsk);
  EXPECT_FALSE(lone.followed.flow) << "it needs a flow of its own only when more comes";
  EXPECT_EQ(lone.events, 0U);

  Watcher answered([](const Chunk&) { return false; });
  answered.client(1, kAsk);
  answered.acknowledge(1 + kAsk.size());
  EXPECT_TRUE(answered.followed.flow);
}

TEST(Midway, WhatNobodyAcknowledgesIsReadAsItComes) {
  size_t heard = 0;
  Watcher watcher([&](const Chunk& chunk) {
    heard += chunk.data.size();
    return true;
  });
  watcher.client(1, "one ");
  watcher.client(5, "two ");
  watcher.client(9, "three ");
  EXPECT_EQ(heard, 14U);
  watcher.client(20, "behind a hole");
  EXPECT_EQ(heard, 14U);
  const std::string more(1400, '\x01');
  uint32_t sent = 33;
  for (; sent + more.size() <= 64'000; sent += static_cast<uint32_t>(more.size())) watcher.client(sent, more);
  EXPECT_EQ(heard, 14U) << "it may come yet";
  EXPECT_EQ(watcher.midway.counters().holes, 0U);
  for (; sent < 70'000; sent += static_cast<uint32_t>(more.size())) watcher.client(sent, more);
  EXPECT_EQ(heard, sent - 1 - 5);
  EXPECT_EQ(watcher.midway.counters().holes, 1U);
}

/// How much of a stream that no dissector knows is sent until it is let go, where so much of it is heard.
uint32_t sent_until_let_go(uint64_t heard) {
  Watcher watcher([&](const Chunk& chunk) { return chunk.offset < heard; });
  const std::string junk(1400, '\x01');
  uint32_t sent = 0;
  while (!watcher.followed.over && sent < 400'000) {
    watcher.client(sent, junk);
    sent += static_cast<uint32_t>(junk.size());
    watcher.acknowledge(sent);
  }
  EXPECT_TRUE(watcher.followed.over);
  EXPECT_FALSE(watcher.followed.flow);
  return sent;
}

TEST(Midway, WhatNobodyKnowsOrHearsIsLetGo) {
  const uint32_t unheard = sent_until_let_go(0);
  EXPECT_GT(unheard, 1400U) << "one segment decides nothing";
  EXPECT_LT(unheard, 150'000U);
  const uint32_t heard = sent_until_let_go(300'000);
  EXPECT_GE(heard, 300'000U);
  EXPECT_LT(heard, 305'000U);
}

TEST(Midway, WhatDissectorsLeaveOutIsCounted) {
  Capture capture;
  Conversation(capture, {.server_port = 80}).client(kAsk).client(kAsk).client(kAsk).server(kHttpAnswer).close();
  constexpr std::string_view kSingle =
      "app-layer:\n  protocols:\n    http:\n      libhtp:\n        default-config:\n          max-tx: 1\n";
  EXPECT_EQ(read(capture).stat("analytics.midstream-limits"), 0U);
  EXPECT_EQ(read(capture, std::string(kSingle)).stat("analytics.midstream-limits"), 2U);
}

TEST(Midway, WhatDoesNotFitIsCounted) {
  Capture capture;
  std::vector<Conversation> open;
  for (uint16_t port = 1; port < 20; ++port) open.emplace_back(capture, Ends{.server_port = port});
  for (Conversation& one : open) one.client(kAsk);
  for (Conversation& one : open) one.server(kHttpAnswer);
  const Outcome outcome = read(capture, off("midstream-memcap: 1 KiB"));
  EXPECT_LT(Reader::seen.size(), 19U);
  EXPECT_GE(outcome.stat("analytics.midstream-memcap"), 19U - Reader::seen.size());
}

}  // namespace
}  // namespace lapwing::test
