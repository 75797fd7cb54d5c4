// Which protocol a flow is taken for, and what its two sides say of each other.
#include "sensor/app/app_layer.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "sensor/base/setting.h"

namespace lapwing::test {

namespace {

using Side = Direction;
constexpr Side kFromClient = Side::to_server, kFromServer = Side::to_client;

const std::string kRequest = "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n";
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kJunk = "\x7fjunk that no protocol here begins with\r\n";

std::string hello(char type, const std::string& ciphers) {
  const std::string body = std::string("\x03\x03", 2) + std::string(32, 'R') + '\0' + ciphers;
  const std::string message = std::string{type, '\0', '\0', static_cast<char>(body.size())} + body;
  return std::string("\x16\x03\x03\x00", 4) + static_cast<char>(message.size()) + message;
}
const std::string kClientHello = hello(1, std::string("\0\x02\x13\x01\x01\0", 6));
const std::string kServerHello = hello(2, std::string("\x13\x01\0", 3));

struct TallySink : AppSink {
  void event(Flow&, const Event& event) override { transactions += event.record != nullptr; }
  void anomaly(Flow&, const Protocol& protocol, const Transaction&, uint8_t name, Direction) override {
    anomalies.push_back(anomaly_name(protocol, name));
    if (known) known_then.push_back(known());
  }
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk& bytes) override { plain_bytes += to_text(bytes.data); }
  void frame(Flow&, const MessageFrame& frame) override { streams[index(frame.direction)] += to_text(frame.bytes); }
  void recognition_anomaly(Flow&, RecognitionAnomaly event, Direction) override {
    events.emplace_back(name(event).substr(9));
  }
  std::vector<std::string> events;
  int transactions = 0;
  std::vector<std::string> anomalies, known_then;
  std::function<std::string()> known;  // what was known of the server's side with each of the anomalies
  std::string plain_bytes;
  std::array<std::string, 2> streams;
};

using Lines = std::vector<std::pair<Side, std::string>>;

struct Outcome {
  std::vector<std::string> events;
  std::string final, ts, tc, original;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  for (const auto& event : o.events) out << event << ' ';
  return out << "final " << o.final << " ts " << o.ts << " tc " << o.tc << " original " << o.original;
}

class Lab {
 public:
  explicit Lab(uint16_t flags = 0) {
    flow_.flags = flags;
    flow_.key.port[0] = 40000;
    flow_.key.port[1] = 9999;
  }

  Outcome run(const Lines& talk, size_t step) {
    for (const auto& [side, text] : talk) {
      for (size_t at = 0; at < text.size(); at += step) {
        const std::string part = text.substr(at, step);
        const Direction direction = turned_ ? reverse(side) : side;
        note_first(direction);
        flow_.bytes[index(side)] += part.size() + 54;  // headers
        app_.chunk(flow_, {.data = to_bytes(part), .offset = offset_[index(side)], .direction = direction});
        offset_[index(side)] += part.size();
        if (app_.reversed(flow_)) swap_direction();
      }
    }
    const Recognition seen = app_.recognition(flow_);
    return {sink_.events, std::string(seen.final.name()), std::string(seen.sides[0].name()),
            std::string(seen.sides[1].name()), seen.original ? std::string(seen.original->name) : ""};
  }
  void gap(Direction direction, uint64_t lost) {
    app_.gap(flow_, direction, offset_[index(direction)], lost, {});
    offset_[index(direction)] += lost;
  }
  const std::vector<std::string>& anomalies() const { return sink_.anomalies; }
  const std::vector<std::string>& known_then() { return sink_.known_then; }
  void note_what_is_known() {
    sink_.known = [this] { return std::string(recognition().sides[1].name()); };
  }
  bool turned() const { return turned_; }
  void end(Side side) { app_.chunk(flow_, {.offset = offset_[index(side)], .direction = side, .end = true}); }
  bool fresh(Direction direction) { return app_.take_just_judged(flow_, direction); }
  void datagram(Direction direction, std::string_view bytes) {
    flow_.key.proto = ip_proto::udp;
    app_.chunk(flow_, {.data = to_bytes(bytes), .direction = direction, .datagram = true});
    if (app_.reversed(flow_)) swap_direction();
  }
  void at_port(uint16_t port) { flow_.key.port[1] = port; }
  void from_port(uint16_t port) { flow_.key.port[0] = port; }
  Recognition recognition() const { return app_.recognition(flow_); }
  bool encrypted() const { return flow_.flags & flow_flag::encrypted; }
  const std::string& plain() const { return sink_.plain_bytes; }
  /// From now on each direction of a stream is shown as one frame, at its end.
  void want_streams() {
    std::vector<Wanted> wanted;
    for (const AppProtocol& protocol : config_.protocols) {
      wanted.push_back({.frames = uint32_t{1} << protocol.row->protocol->frames.size()});
    }
    app_.want(wanted);
  }
  void finish() { app_.finish(flow_, {}); }
  const std::string& stream(Direction direction) {
    finish();
    return sink_.streams[index(direction)];
  }
  AppCounters counters() const { return app_.counters(); }

  /// As the stream does with the first payload it sees.
  void note_first(Direction direction) {
    if (flow_.flags & (flow_flag::client_first | flow_flag::server_first)) return;
    flow_.flags |= direction == kFromClient ? flow_flag::client_first : flow_flag::server_first;
  }

 private:
  void swap_direction() {
    flow_.swap_direction();
    app_.swap_direction(flow_, {});
    turned_ = true;
  }

  AppConfig config_ = AppConfig::read(Setting{});
  TallySink sink_;
  BudgetConfig budget_ = read_options<BudgetConfig>(Setting{}, budget_options());
  AppLayer app_{config_, budget_, sink_};
  Flow flow_;
  bool turned_ = false;
  std::array<uint64_t, 2> offset_{};
};

void expect(const Lines& talk, const Outcome& wanted) {
  for (size_t step : {100'000, 7, 1}) EXPECT_EQ(Lab().run(talk, step), wanted) << "in pieces of " << step;
}

TEST(AppLayer, BothSidesSpeakTheSame) {
  expect({{kFromClient, kRequest}, {kFromServer, kAnswer}}, {{}, "http", "http", "http"});
  expect({{kFromServer, kAnswer}, {kFromClient, kRequest}}, {{}, "http", "http", "http"});
  expect({{kFromClient, kClientHello}, {kFromServer, kServerHello}}, {{}, "tls", "tls", "tls"});
}

TEST(AppLayer, EachSideSpeaksAnother) {
  expect({{kFromClient, kRequest}, {kFromServer, kServerHello}},
         {{"mismatch_protocol_both_directions"}, "http", "http", "tls"});
}

TEST(AppLayer, AnomaliesComeWithWhatTheirBytesTellHoweverTheyAreCut) {
  const std::string negotiate("\0\0\0\x23\xffSMBr\0\0\0\0\x08\x01\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 39);
  const std::string fault("\5\0\x0d\3\x10\0\0\0\x18\0\0\0\0\0\0\0\4\0\1\5\0\0\0\0", 24);
  std::vector<std::string> whole;
  for (size_t step : {100'000, 7, 3, 1}) {
    Lab lab;
    lab.note_what_is_known();
    EXPECT_EQ(lab.run({{kFromClient, negotiate}, {kFromServer, fault}}, step).tc, "dcerpc");
    EXPECT_FALSE(lab.known_then().empty());
    if (step == 100'000) whole = lab.known_then();
    EXPECT_EQ(lab.known_then(), whole) << "in pieces of " << step;
  }
}

TEST(AppLayer, OnlyOneSideIsKnown) {
  expect({{kFromClient, kRequest}, {kFromServer, kJunk}},
         {{"detect_protocol_only_one_direction"}, "http", "http", "failed"});
  expect({{kFromServer, kJunk}, {kFromClient, kRequest}},
         {{"detect_protocol_only_one_direction"}, "http", "http", "failed"});
  // Too short to be called none.
  expect({{kFromClient, kRequest}, {kFromServer, "OK"}}, {{}, "http", "http", ""});
  expect({{kFromClient, kJunk}, {kFromServer, kJunk}}, {{}, "failed", "failed", "failed"});
}

TEST(AppLayer, WhatFitsNoProtocolWaitsForTheOtherSide) {
  const std::string more = kJunk + std::string(AppLayer::kProbeLimit, 'x');
  for (size_t step : {100'000, 1400, 7, 1}) {
    Lab lab;
    lab.want_streams();
    Outcome seen =
        lab.run({{kFromServer, kJunk}, {kFromServer, more}, {kFromClient, kRequest}, {kFromServer, kJunk}}, step);
    EXPECT_EQ(seen.final, "http");
    EXPECT_EQ(lab.stream(kFromServer), kJunk + more + kJunk) << "in pieces of " << step;
  }
}

TEST(AppLayer, AHoleBeforeTheVerdictIsToldToTheDissector) {
  const std::string rest = "rest of a body\r\n", next = "GET /b HTTP/1.1\r\nHost: a.org\r\n\r\n";
  for (size_t step : {100'000, 7, 1}) {
    Lab lab;
    lab.want_streams();
    lab.run({{kFromClient, "POST"}}, step);
    lab.gap(kFromClient, 500);
    Outcome seen =
        lab.run({{kFromClient, rest}, {kFromServer, kAnswer}, {kFromClient, next}, {kFromServer, kAnswer}}, step);
    EXPECT_EQ(seen, (Outcome{{}, "http", "", "http"}));
    EXPECT_EQ(lab.stream(kFromClient), rest + next) << "in pieces of " << step;
    // Were the rest taken for a request, it would be an odd one.
    EXPECT_EQ(lab.anomalies(), std::vector<std::string>{"unable_to_match_response_to_request"});
  }
}

TEST(AppLayer, ServerSpeaksFirstWhereTheClientMust) {
  expect({{kFromServer, kServerHello}, {kFromClient, kClientHello}},
         {{"wrong_direction_first_data"}, "failed", "failed", "tls"});
}

TEST(AppLayer, WhatTheServerSaysMayBeAcknowledgedFirst) {
  for (size_t step : {100'000, 7, 1}) {
    Lab lab;
    lab.note_first(kFromClient);
    EXPECT_EQ(lab.run({{kFromServer, kServerHello}, {kFromClient, kClientHello}}, step),
              (Outcome{{}, "tls", "tls", "tls"}))
        << "in pieces of " << step;
  }
}

TEST(AppLayer, TheEndDecidesWhereEnoughWasSaid) {
  // A message of DNS over TCP could begin so, and be 300 bytes long.
  const std::string begun("\1\x2c\0\7\1\0\0\1\0\0\0\0\0\0\7exa", 18);
  for (size_t step : {100'000, 1}) {
    Lab lab;
    EXPECT_EQ(lab.run({{kFromClient, begun}, {kFromServer, begun}}, step).final, "");
    lab.finish();
    EXPECT_EQ(lab.recognition().final.name(), "failed") << "in pieces of " << step;
    Lab brief;
    brief.run({{kFromClient, begun.substr(0, 10)}, {kFromServer, begun}}, step);
    brief.finish();
    EXPECT_EQ(brief.recognition().final.name(), "");
  }
}

TEST(AppLayer, GivesUpAfterManyBytesWithoutVerdict) {
  std::string much;
  while (much.size() <= AppLayer::kDetectionLimit) much += kJunk;
  Lab lab;
  Outcome seen = lab.run({{kFromClient, much}, {kFromServer, kAnswer}}, 1400);
  EXPECT_EQ(seen.events, std::vector<std::string>{"proto_detection_skipped"});
  EXPECT_EQ(seen.final, "failed");
  EXPECT_EQ(lab.counters().detection_limit, 1u);
}

TEST(AppLayer, LooksAnewAfterAChange) {
  const std::string connect = "CONNECT a.org:443 HTTP/1.1\r\nHost: a.org\r\n\r\n", granted = "HTTP/1.1 200 OK\r\n\r\n";
  for (size_t step : {100'000, 1}) {
    Outcome tls = Lab().run({{kFromClient, connect}, {kFromServer, granted}, {kFromClient, kClientHello}}, step);
    EXPECT_EQ(tls, (Outcome{{}, "tls", "tls", "", "http"}));
    Outcome junk =
        Lab().run({{kFromClient, connect}, {kFromServer, granted}, {kFromClient, kJunk}, {kFromServer, kJunk}}, step);
    EXPECT_EQ(junk, (Outcome{{}, "failed", "failed", "failed", "http"}));
    // Too little for a verdict is no more of what the flow was.
    for (const std::string tunnelled : {"", "\5"}) {
      Lab lab;
      lab.run({{kFromClient, connect}, {kFromServer, granted + tunnelled}}, step);
      lab.end(kFromServer);
      lab.end(kFromClient);
      lab.finish();
      EXPECT_EQ(lab.recognition().final.name(), tunnelled.empty() ? "http" : "failed");
      EXPECT_EQ(lab.recognition().original->name, "http");
    }
  }
}

TEST(AppLayer, WhatWaitedForTheChangeIsLookedAt) {
  const std::string connect = "CONNECT a.org:443 HTTP/1.1\r\nHost: a.org\r\n\r\n", granted = "HTTP/1.1 200 OK\r\n\r\n";
  for (size_t step : {100'000, 7, 3, 1}) {
    EXPECT_EQ(Lab().run({{kFromClient, connect + kClientHello}, {kFromServer, granted + kServerHello}}, step),
              (Outcome{{}, "tls", "tls", "tls", "http"}))
        << "in pieces of " << step;
    EXPECT_EQ(Lab().run({{kFromClient, connect}, {kFromClient, kClientHello}, {kFromServer, granted}}, step),
              (Outcome{{}, "tls", "tls", "", "http"}))
        << "in pieces of " << step;
    // Refused, it goes on as HTTP.
    EXPECT_EQ(Lab()
                  .run({{kFromClient, connect + kRequest},
                        {kFromServer, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"},
                        {kFromServer, kAnswer}},
                       step)
                  .final,
              "http");
  }
}

TEST(AppLayer, ChangesAreCountedAndNotWithoutEnd) {
  auto times = [](size_t count, std::string_view text) {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += text;
    return out;
  };
  const std::string connect = "CONNECT a.org:443 HTTP/1.1\r\nHost: a.org\r\n\r\n", granted = "HTTP/1.1 200 OK\r\n\r\n";
  for (size_t step : {100'000, 1}) {
    for (bool beyond : {false, true}) {
      const size_t count = AppLayer::kMaxChanges + beyond;
      Lab lab;
      const Outcome got = lab.run(
          {{kFromClient, times(count, connect) + kClientHello}, {kFromServer, times(count, granted) + kServerHello}},
          step);
      EXPECT_EQ(got.final, beyond ? "http" : "tls") << "in pieces of " << step;
      EXPECT_EQ(lab.counters().changed, AppLayer::kMaxChanges);
      EXPECT_EQ(lab.counters().max_changes, beyond);
    }
  }
}

TEST(AppLayer, AChangeThatAGapBringsIsMade) {
  Lab lab;
  // More may come behind such an end of headers, unless that is lost.
  lab.run({{kFromClient, "CONNECT a.org:443 HTTP/1.1\r\nHost: a.org\r\n\r\n"},
           {kFromServer, "HTTP/1.1 200 OK\r\nA: b\n\r\r\n"}},
          100'000);
  EXPECT_EQ(lab.counters().changed, 0u);
  lab.gap(kFromServer, 9);
  EXPECT_EQ(lab.counters().changed, 1u);
  EXPECT_EQ(lab.run({{kFromClient, kClientHello}, {kFromServer, kServerHello}}, 100'000),
            (Outcome{{}, "tls", "tls", "tls", "http"}));
}

TEST(AppLayer, AnUpgradeToWhatIsKnownIsMade) {
  const std::string asked = "GET / HTTP/1.1\r\nHost: a.org\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n";
  const std::string granted =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n";
  for (size_t step : {100'000, 7, 1}) {
    for (const std::string length : {"", "Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n"}) {
      EXPECT_EQ(Lab().run({{kFromClient, asked},
                           {kFromServer, granted + length + "\r\n"},
                           {kFromClient, kClientHello},
                           {kFromServer, kServerHello}},
                          step),
                (Outcome{{}, "tls", "tls", "tls", "http"}));
      EXPECT_EQ(
          Lab().run({{kFromClient, asked}, {kFromServer, granted + length + "\r\n"}, {kFromClient, kRequest}}, step),
          (Outcome{{"unexpected_protocol", "no_tls_after_starttls"}, "http", "http", "", "http"}));
    }
  }
}

TEST(AppLayer, AnUpgradeToWhatIsUnknownLeavesTheFlowWhatItWas) {
  for (size_t step : {100'000, 7, 1}) {
    for (const std::string name : {"websocket", "h2c", "other/2"}) {
      Lab lab;
      const Outcome seen =
          lab.run({{kFromClient, "GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: " + name + "\r\n\r\n"},
                   {kFromServer, "HTTP/1.1 101 Switching\r\nUpgrade: " + name + "\r\n\r\n" + kClientHello},
                   {kFromClient, kJunk + kRequest},
                   {kFromServer, kJunk + kAnswer}},
                  step);
      EXPECT_EQ(seen, (Outcome{{}, "http", "http", "http"})) << name;
      lab.gap(kFromServer, 40);
      lab.finish();
      EXPECT_EQ(lab.anomalies(), std::vector<std::string>());
      EXPECT_EQ(lab.counters().transactions, 1u);
      EXPECT_EQ(lab.counters().changed + lab.counters().parser_errors, 0u);
    }
  }
}

TEST(AppLayer, AnAnswerSeenFirstTurnsTheFlow) {
  const std::string answer("\0\7\x81\x80\0\1\0\0\0\0\0\0\1x\7example\0\0\1\0\1", 27);
  Lab lab;
  lab.datagram(kFromClient, answer);
  EXPECT_TRUE(lab.turned());
  EXPECT_EQ(lab.recognition().sides[1].name(), "dns");
  // Behind a question it is no first one.
  Lab asked;
  asked.datagram(kFromServer, kJunk);
  asked.datagram(kFromClient, answer);
  EXPECT_FALSE(asked.turned());
  // Sent to the port of a server it is none either, or it would hide the questions that follow.
  Lab server;
  server.at_port(53);
  server.datagram(kFromClient, answer);
  EXPECT_FALSE(server.turned());
  Lab stream(flow_flag::midstream);
  stream.at_port(53);
  stream.run({{kFromClient, std::string("\0\x1b", 2) + answer}}, 100'000);
  EXPECT_TRUE(stream.turned());
}

TEST(AppLayer, FlowsPickedUpLateAreTurnedRound) {
  for (size_t step : {100'000, 1}) {
    Lab lab(flow_flag::midstream);
    Outcome seen = lab.run({{kFromClient, kAnswer}, {kFromServer, kRequest}}, step);
    EXPECT_TRUE(lab.turned());
    EXPECT_EQ(seen, (Outcome{{}, "http", "http", "http"}));
  }
  Lab ended(flow_flag::midstream);
  ended.end(kFromServer);
  EXPECT_EQ(ended.run({{kFromClient, kAnswer}}, 100'000).final, "http");
  EXPECT_TRUE(ended.turned());
  Lab whole;
  whole.run({{kFromClient, kAnswer}}, 100'000);
  EXPECT_FALSE(whole.turned());
}

/// What is encrypted says nothing of who sends it (MS-SMB2 2.2.41): the port does.
TEST(AppLayer, FlowsPickedUpLateAreTurnedByTheServersPort) {
  const std::string message = std::string("\0\0\0\x44\xfdSMB", 8) + std::string(64, 'x');
  for (size_t step : {100'000, 1}) {
    for (const auto& [client, server, turned] :
         {std::tuple(445, 40000, true), {40000, 445, false}, {445, 445, false}, {40000, 40001, false}}) {
      Lab lab(flow_flag::midstream);
      lab.at_port(static_cast<uint16_t>(server));
      lab.from_port(static_cast<uint16_t>(client));
      EXPECT_EQ(lab.run({{kFromClient, message}, {kFromServer, message}}, step).final, "smb");
      EXPECT_EQ(lab.turned(), turned) << client << ' ' << server;
    }
  }
  Lab whole;
  whole.from_port(445);
  whole.run({{kFromClient, message}}, 100'000);
  EXPECT_FALSE(whole.turned());
}

TEST(AppLayer, LateAndWithoutTheRequestsBeginningTheAnswerIsNotEnough) {
  Lab alone(flow_flag::midstream);
  alone.run({{kFromClient, kJunk}}, 100'000);
  alone.finish();
  EXPECT_EQ(alone.recognition().final.name(), "failed");
  Outcome seen = Lab(flow_flag::midstream).run({{kFromClient, kJunk}, {kFromServer, kAnswer}}, 100'000);
  EXPECT_EQ(seen.final, "failed");
  Outcome answered = Lab(flow_flag::midstream | flow_flag::midstream_synack)
                         .run({{kFromClient, kJunk}, {kFromServer, kAnswer}}, 100'000);
  EXPECT_EQ(answered.final, "http");
}

TEST(AppLayer, WhatCameBeforeTheFirstRequestIsNotItsAnswer) {
  for (const std::string& rest : {std::string("tail"), "the rest of a page\r\n" + kJunk, std::string(9000, 'x')}) {
    for (size_t step : {100'000, 7, 1}) {
      Lab lab(flow_flag::midstream);
      lab.want_streams();
      EXPECT_EQ(lab.run({{kFromServer, rest}, {kFromClient, kRequest}, {kFromServer, kAnswer}}, step).final, "http");
      EXPECT_EQ(lab.stream(kFromServer), kAnswer) << rest.size() << ' ' << step;
      Lab turned(flow_flag::midstream);
      turned.want_streams();
      EXPECT_EQ(turned.run({{kFromClient, rest}, {kFromServer, kRequest}, {kFromClient, kAnswer}}, step).final, "http");
      EXPECT_TRUE(turned.turned());
      EXPECT_EQ(turned.stream(kFromServer), kAnswer) << rest.size() << ' ' << step;
    }
  }
}

TEST(AppLayer, AFlowThatLeavesTlsIsPlainFromItsFirstByteOn) {
  const std::string data = std::string("\x17\x03\x03\x00\x06secret", 11), clear = "text in the clear";
  for (size_t step : {100'000, 7, 1}) {
    Lab lab;
    lab.run({{kFromClient, kClientHello}, {kFromServer, kServerHello}, {kFromClient, data}}, step);
    EXPECT_TRUE(lab.encrypted());
    Lab left;
    left.run({{kFromClient, kClientHello}, {kFromServer, kServerHello}, {kFromClient, data + clear}}, step);
    EXPECT_FALSE(left.encrypted());
    // What came with and before the byte that told; the rest is plain from its packet on.
    EXPECT_EQ(left.plain(), clear.substr(0, left.plain().size())) << step;
    EXPECT_GE(left.plain().size(), 5u) << step;
  }
}

TEST(AppLayer, NoNumberOfOtherDatagramsHidesTheNextAtAProtocolsPort) {
  const std::string query = std::string("\0\7\1\0\0\1\0\0\0\0\0\0\1x\7example\0\0\1\0\1", 27);
  for (uint16_t port : {uint16_t{53}, uint16_t{9999}}) {
    Lab lab;
    lab.at_port(port);
    for (int i = 0; i < 300; ++i) {
      lab.datagram(kFromClient, kJunk);
      lab.datagram(kFromServer, kJunk);
    }
    lab.datagram(kFromClient, query);
    EXPECT_EQ(lab.recognition().final.name(), port == 53 ? "dns" : "failed");
  }
}

TEST(AppLayer, TellsEachDirectionOnceThatItWasJudged) {
  Lab lab;
  lab.run({{kFromClient, kRequest}}, 100'000);
  EXPECT_FALSE(lab.fresh(kFromServer));
  EXPECT_TRUE(lab.fresh(kFromClient));
  EXPECT_FALSE(lab.fresh(kFromClient));
}

}  // namespace

}  // namespace lapwing::test
