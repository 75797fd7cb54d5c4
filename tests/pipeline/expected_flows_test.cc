// Flows that others announced, as records show them.
#include <gmock/gmock.h>

#include <set>

#include "tests/pipeline/made_up/lines.h"
#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

constexpr uint16_t kControl = 9999;

constexpr Ends data_at(uint16_t port) {
  return {.client_port = 40001, .server_port = port};
}
/// The client of the announcing flow listens.
constexpr Ends kActive{.client = "10.0.0.2", .server = "10.0.0.1", .client_port = 20, .server_port = kData};

/// What a record says of the flow that announced its own.
uint64_t parent(const nlohmann::json& record) {
  return record.value("parent_id", uint64_t{0});
}

TEST(ExpectedFlows, AreNamedAtTheirFirstPacketAndDissected) {
  for (Cut cut : {Cut::whole, Cut::bytes, Cut::scrambled, Cut::twice}) {
    for (const bool active : {false, true}) {
      Capture capture(cut);
      Conversation control(capture);
      control.open().client("herald says hello\n");
      active ? control.client(expects("client", "tcp", kData, "guest from client"))
             : control.server(expects("server", "tcp", kData, "guest from server"));
      Conversation data(capture, active ? kActive : data_at(kData));
      // The guest's bytes would be another's, were they asked.
      data.open().client("herald says one\n").server("says two\n").close();
      const Outcome got = sense(capture);
      const uint64_t announcing = got.flow_to(kControl)["flow_id"];
      const auto flow = got.flow_to(kData);
      EXPECT_EQ(flow["app_proto"], "guest");
      EXPECT_EQ(parent(flow), announcing);
      const auto lines = got.of("guest");
      ASSERT_EQ(lines.size(), 2u);
      EXPECT_EQ(lines[0]["guest"]["text"], "herald says one");
      EXPECT_EQ(lines[1]["guest"]["text"], "says two");
      for (const auto& line : lines) {
        EXPECT_EQ(line["flow_id"], flow["flow_id"]);
        EXPECT_EQ(parent(line), announcing);
        EXPECT_EQ(line["guest"]["context"], active ? "from client" : "from server");
        EXPECT_FALSE(line["guest"].contains("from_proto"));
      }
      for (const auto& line : got.of("herald")) EXPECT_EQ(parent(line), 0u);
      EXPECT_EQ(got.stat("app_layer.expectations"), 1u);
      EXPECT_EQ(got.stat("app_layer.expected"), 1u);
    }
  }
}

TEST(ExpectedFlows, NeedNotSayAByte) {
  Capture capture;
  Conversation(capture).open().server(expects("server", "tcp", kData)).close();
  Conversation(capture, data_at(kData)).syn();
  const Outcome got = sense(capture);
  EXPECT_EQ(got.flow_to(kData)["app_proto"], "guest");
  EXPECT_EQ(parent(got.flow_to(kData)), got.flow_to(kControl)["flow_id"]);
}

TEST(ExpectedFlows, OfDatagramsTheListenerMaySpeakFirst) {
  for (const bool listener_first : {false, true}) {
    Capture capture;
    Conversation(capture).datagram(kClient, "herald says hello\n").datagram(kServer, expects("server", "udp", kData));
    Conversation data(capture, data_at(kData));
    if (listener_first) data.datagram(kServer, "guest says first\n");
    data.datagram(kClient, "no protocol\n").datagram(kServer, "another line\n");
    const Outcome got = sense(capture);
    const auto lines = got.of("guest");
    ASSERT_EQ(lines.size(), listener_first ? 3u : 2u);
    for (const auto& line : lines) EXPECT_NE(parent(line), 0u);
  }
}

TEST(ExpectedFlows, ThatBeginBeforeTheirAnnouncementIsAcknowledgedAreMet) {
  Capture capture;
  Conversation control(capture);
  control.open().send(kServer, expects("server", "tcp", kData));
  Conversation data(capture, data_at(kData));
  // A client that acknowledges late connects first: what it was told counts once it has told that it got it.
  data.open();
  control.client("herald says thanks\n");
  data.server("a line\n").close();
  const Outcome got = sense(capture);
  EXPECT_EQ(got.flow_to(kData)["app_proto"], "guest");
  EXPECT_EQ(got.of("guest").size(), 1u);
  EXPECT_EQ(parent(got.flow_to(kData)), got.flow_to(kControl)["flow_id"]);
}

TEST(ExpectedFlows, RulesKnowThemByNameAndSayWhoseTheyAre) {
  Capture capture;
  Conversation(capture).open().server(expects("server", "tcp", kData));
  Conversation(capture, data_at(kData)).open().client("a line\n").server("another\n").close();
  const Outcome got = sense(
      capture, {.rules = "alert tcp any any -> any any (msg:\"name\"; app-layer-protocol:guest; sid:1;)\n"
                         "alert guest any any -> any any (msg:\"text\"; guest.text; content:\"another\"; sid:2;)\n"
                         "alert guest any any -> any any (msg:\"raw\"; content:\"a line\"; sid:3;)\n"});
  const auto alerts = got.of("alert");
  std::multiset<int> signatures;
  for (const auto& alert : alerts) {
    signatures.insert(alert["alert"]["signature_id"].get<int>());
    EXPECT_EQ(parent(alert), got.flow_to(kControl)["flow_id"]) << alert;
    EXPECT_EQ(alert["app_proto"], "guest");
  }
  EXPECT_THAT(signatures, testing::UnorderedElementsAre(1, 1, 2, 3));
}

TEST(ExpectedFlows, EveryRecordOfThemSaysWhoAnnouncedThem) {
  Capture capture;
  Conversation(capture).open().server(expects("server", "tcp", kData));
  Conversation data(capture, data_at(kData));
  data.open().syn_ack();  // with another sequence number, which is an anomaly of the stream
  const Outcome got =
      sense(capture, {.options = "outputs: [{eve-log: {types: [flow, {anomaly: {types: {stream: yes}}}]}}]\n"});
  size_t anomalies = 0;
  for (const auto& anomaly : got.of("anomaly")) {
    ++anomalies;
    EXPECT_EQ(parent(anomaly), got.flow_to(kControl)["flow_id"]) << anomaly;
  }
  EXPECT_GT(anomalies, 0u);
}

TEST(ExpectedFlows, MayBeOfAnyProtocol) {
  Capture capture;
  Conversation(capture).open().server(expects("server", "tcp", kData, "http"));
  Conversation(capture, data_at(kData))
      .open()
      .client("GET /a HTTP/1.1\r\nHost: a.org\r\n\r\n")
      .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const Outcome got = sense(capture);
  for (std::string_view type : {"http", "fileinfo"}) {
    const auto records = got.of(type);
    ASSERT_EQ(records.size(), 1u) << type;
    EXPECT_EQ(parent(records[0]), got.flow_to(kControl)["flow_id"]);
  }
}

TEST(ExpectedFlows, HaveTheirNameWhereTheyAreOnlyRecognised) {
  Capture capture;
  Conversation(capture).open().server(expects("server", "tcp", kData));
  Conversation(capture, data_at(kData)).open().client("guest says one\n");
  const Outcome got = sense(capture, {.options = "app-layer: {protocols: {guest: {enabled: detection-only}}}\n"});
  EXPECT_EQ(got.flow_to(kData)["app_proto"], "guest");
  EXPECT_NE(parent(got.flow_to(kData)), 0u);
  EXPECT_TRUE(got.of("guest").empty());
}

}  // namespace
}  // namespace lapwing::test
