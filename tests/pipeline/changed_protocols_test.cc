// Flows that go over to another protocol, as records show them.
#include <gmock/gmock.h>

#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

using ::testing::ElementsAre;

constexpr uint16_t kPort = 9999;

/// "<type> <number> <arrow> <text>" of all lines, in the order in which they were recorded.
std::vector<std::string> lines(const Outcome& outcome) {
  std::vector<std::string> out;
  for (const auto& record : outcome.records) {
    const std::string type = record["event_type"];
    if (type != "herald" && type != "guest") continue;
    const bool up = record["dest_port"] == kPort;
    out.push_back(type + " " + record.value("tx_id", nlohmann::json("-")).dump() + (up ? " > " : " < ") +
                  record[type]["text"].get<std::string>());
  }
  return out;
}

/// What the flow's own record and those of its guest say of the change.
void expect_changed(const Outcome& got, const std::string& what, std::string_view context = "") {
  auto flow = got.flow_to(kPort);
  EXPECT_EQ(flow["app_proto"], "guest") << what;
  EXPECT_EQ(flow["app_proto_orig"], "herald") << what;
  EXPECT_FALSE(flow.contains("app_proto_expected")) << what;
  for (const auto& record : got.of("guest")) {
    EXPECT_EQ(record["flow_id"], flow["flow_id"]) << what;
    EXPECT_EQ(record["guest"].value("from_proto", ""), "herald") << what;
    EXPECT_EQ(record["guest"].value("context", ""), context) << what;
  }
  for (const auto& record : got.of("herald")) EXPECT_FALSE(record["herald"].contains("from_proto")) << what;
  EXPECT_EQ(got.of("anomaly").size(), 0u) << what;
  EXPECT_EQ(got.stat("app_layer.changed"), 1u) << what;
}

constexpr Cut kCuts[] = {Cut::whole, Cut::bytes, Cut::scrambled, Cut::twice};
constexpr std::string_view kAsks = "herald asks guest a note\n", kGrants = "herald grants\n", kOne = "guest says one\n",
                           kTwo = "guest says two\n";

std::string joined(std::string_view a, std::string_view b) {
  return std::string(a) + std::string(b);
}

TEST(ChangedProtocols, WhatEitherSideSaidAheadIsReadByTheNext) {
  const std::vector<std::string> all = {"herald 0 > herald asks guest a note", "herald 1 < herald grants",
                                        "guest 0 > guest says one", "guest 1 < guest says two"};
  for (Cut cut : kCuts) {
    for (const auto& [client_ahead, server_ahead] : {std::pair{false, false}, {true, false}, {true, true}}) {
      Capture capture(cut);
      Conversation talk(capture);
      talk.open().client(client_ahead ? joined(kAsks, kOne) : kAsks);
      talk.server(server_ahead ? joined(kGrants, kTwo) : kGrants);
      if (!client_ahead) talk.client(kOne);
      if (!server_ahead) talk.server(kTwo);
      talk.close();
      const Outcome got = sense(capture);
      const std::string what = "cut " + std::to_string(static_cast<int>(cut)) + (client_ahead ? " client ahead" : "") +
                               (server_ahead ? " server ahead" : "");
      EXPECT_EQ(lines(got), all) << what;
      expect_changed(got, what, "a note");
      EXPECT_EQ(got.flow_to(kPort)["flow"]["tx_cnt"], 4) << what;
    }
  }
}

TEST(ChangedProtocols, WhoSaidAllAheadMayHaveEnded) {
  for (Cut cut : kCuts) {
    Capture capture(cut);
    Conversation(capture).open().client(joined(kAsks, kOne)).end(kClient).server(joined(kGrants, kTwo)).end(kServer);
    const Outcome got = sense(capture);
    EXPECT_THAT(lines(got), ElementsAre("herald 0 > herald asks guest a note", "herald 1 < herald grants",
                                        "guest 0 > guest says one", "guest 1 < guest says two"));
    expect_changed(got, "ended", "a note");
  }
}

TEST(ChangedProtocols, TheServerMayBeTheOnlyOneAhead) {
  for (Cut cut : kCuts) {
    Capture capture(cut);
    Conversation(capture).open().client(kAsks).server(joined(kGrants, kTwo)).client(kOne).close();
    const Outcome got = sense(capture);
    EXPECT_THAT(lines(got), ElementsAre("herald 0 > herald asks guest a note", "herald 1 < herald grants",
                                        "guest 0 < guest says two", "guest 1 > guest says one"));
    expect_changed(got, "server ahead", "a note");
  }
}

TEST(ChangedProtocols, TheOtherSideNeedNotSayAWord) {
  for (Cut cut : kCuts) {
    Capture capture(cut);
    Conversation(capture).open().client("herald becomes guest a note\n").client(joined(kOne, kTwo)).close();
    const Outcome got = sense(capture);
    EXPECT_THAT(lines(got), ElementsAre("herald 0 > herald becomes guest a note", "guest 0 > guest says one",
                                        "guest 1 > guest says two"));
    expect_changed(got, "client alone", "a note");
  }
}

TEST(ChangedProtocols, TheOtherSideNeedNotBeSeen) {
  // Out of order, what nobody acknowledges cannot be told from what is lost.
  for (Cut cut : {Cut::whole, Cut::bytes}) {
    for (Direction hidden : {kClient, kServer}) {
      Capture capture(cut);
      Conversation talk(capture);
      talk.hide(hidden).open();
      talk.say(reverse(hidden), joined("herald becomes guest a note\n", kOne)).say(reverse(hidden), kTwo).close();
      const Outcome got = sense(capture, {.options = "stream: {midstream: yes, async-oneside: yes}\n"});
      const std::string arrow = hidden == kServer ? " > " : " < ";
      EXPECT_THAT(lines(got), ElementsAre("herald 0" + arrow + "herald becomes guest a note",
                                          "guest 0" + arrow + "guest says one", "guest 1" + arrow + "guest says two"))
          << static_cast<int>(cut);
      expect_changed(got, "one side", "a note");
    }
  }
}

TEST(ChangedProtocols, AreTheSameOfManyWorkers) {
  Capture capture(Cut::scrambled);
  std::vector<std::string> servers;
  for (int i = 1; i <= 24; ++i) servers.push_back("10.2.0." + std::to_string(i));
  std::vector<Conversation> talks;
  for (const std::string& server : servers) talks.emplace_back(capture, Ends{.server = server}).open();
  for (auto& talk : talks) talk.client(joined(kAsks, kOne));
  for (auto& talk : talks) talk.server(joined(kGrants, kTwo));
  const Outcome one = sense(capture), four = sense(capture, {.workers = 4});
  EXPECT_EQ(one.of("guest").size(), 2 * servers.size());
  EXPECT_EQ(one.told(), four.told());
}

TEST(ChangedProtocols, ARefusedChangeIsNone) {
  for (Cut cut : kCuts) {
    Capture capture(cut);
    Conversation(capture)
        .open()
        .client(joined(kAsks, "herald says on\n"))
        .server("herald refuses\n")
        .client("herald says more\n")
        .close();
    const Outcome got = sense(capture);
    EXPECT_THAT(lines(got), ElementsAre("herald 0 > herald asks guest a note", "herald 1 < herald refuses",
                                        "herald 2 > herald says on", "herald 3 > herald says more"));
    EXPECT_EQ(got.flow_to(kPort)["app_proto"], "herald");
    EXPECT_FALSE(got.flow_to(kPort).contains("app_proto_orig"));
  }
}

TEST(ChangedProtocols, AnotherThanSaidIsToldAndNamed) {
  for (Cut cut : kCuts) {
    Capture capture(cut);
    Conversation(capture)
        .open()
        .client("herald becomes guest\nGET /a HTTP/1.1\r\nHost: a.org\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .close();
    const Outcome got = sense(capture);
    auto flow = got.flow_to(kPort);
    EXPECT_EQ(flow["app_proto"], "http");
    EXPECT_EQ(flow["app_proto_orig"], "herald");
    EXPECT_EQ(flow["app_proto_expected"], "guest");
    ASSERT_EQ(got.of("http").size(), 1u);
    EXPECT_EQ(got.of("http")[0]["tx_id"], 0);
    ASSERT_EQ(got.of("anomaly").size(), 1u);
    EXPECT_EQ(got.of("anomaly")[0]["anomaly"]["event"], "APPLAYER_UNEXPECTED_PROTOCOL");
  }
}

TEST(ChangedProtocols, TheNextMayBeOffOrOnlyRecognised) {
  for (const std::string enabled : {"no", "detection-only"}) {
    Capture capture;
    Conversation(capture).open().client(joined(kAsks, joined(kOne, kOne))).server(joined(kGrants, kTwo)).close();
    const Outcome got = sense(capture, {.options = "app-layer: {protocols: {guest: {enabled: " + enabled + "}}}\n"});
    auto flow = got.flow_to(kPort);
    EXPECT_EQ(flow["app_proto"], enabled == "no" ? "failed" : "guest");
    EXPECT_EQ(flow.value("app_proto_expected", ""), enabled == "no" ? "guest" : "");
    EXPECT_EQ(flow["app_proto_orig"], "herald");
    EXPECT_EQ(flow["flow"]["tx_cnt"], 2);
    EXPECT_TRUE(got.of("guest").empty());
  }
}

TEST(ChangedProtocols, FirstAndLastNameAreShownBetweenWhichThereMayBeMore) {
  for (Cut cut : kCuts) {
    Capture capture(cut);
    Conversation(capture)
        .open()
        .client("herald becomes guest\nguest becomes any\nherald becomes any\nGET /a HTTP/1.1\r\nHost: a.org\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .close();
    const Outcome got = sense(capture);
    EXPECT_THAT(lines(got), ElementsAre("herald 0 > herald becomes guest", "guest 0 > guest becomes any",
                                        "herald 0 > herald becomes any"));
    EXPECT_EQ(got.flow_to(kPort)["app_proto"], "http");
    EXPECT_EQ(got.flow_to(kPort)["app_proto_orig"], "herald");
    EXPECT_EQ(got.flow_to(kPort)["flow"]["tx_cnt"], 4);
    ASSERT_EQ(got.of("herald").size(), 2u);
    EXPECT_EQ(got.of("herald")[1]["herald"]["from_proto"], "guest");
    EXPECT_EQ(got.stat("app_layer.changed"), 3u);
  }
}

TEST(ChangedProtocols, RulesSeeBothProtocols) {
  for (Cut cut : kCuts) {
    Capture capture(cut);
    Conversation(capture).open().client(joined(kAsks, kOne)).server(joined(kGrants, kTwo)).close();
    const Outcome got = sense(
        capture, {.rules = "alert herald any any -> any any (msg:\"a\"; herald.text; content:\"asks\"; sid:1;)\n"
                           "alert guest any any -> any any (msg:\"b\"; guest.text; content:\"one\"; sid:2;)\n"
                           "alert guest any any -> any any (msg:\"c\"; guest.text; content:\"two\"; sid:3;)\n"
                           "alert herald any any -> any any (msg:\"d\"; herald.text; content:\"one\"; sid:4;)\n"});
    std::vector<std::string> alerts;
    for (const auto& alert : got.of("alert")) {
      alerts.push_back(alert["alert"]["signature_id"].dump() + " " + alert["tx_id"].dump());
    }
    EXPECT_THAT(alerts, ElementsAre("1 0", "2 0", "3 1")) << static_cast<int>(cut);
  }
}

TEST(ChangedProtocols, OfDatagramsTheRestOfOneIsReadToo) {
  Capture capture;
  Conversation(capture)
      .datagram(kClient, joined("herald becomes guest a note\n", joined(kOne, "guest says half a li")))
      .datagram(kServer, kTwo)
      .datagram(kClient, "guest says three\n");
  const Outcome got = sense(capture);
  EXPECT_THAT(lines(got), ElementsAre("herald 0 > herald becomes guest a note", "guest 0 > guest says one",
                                      "guest 1 < guest says two", "guest 2 > guest says three"));
  expect_changed(got, "datagrams", "a note");
}

TEST(Recognition, DatagramsWithoutBytesAreOfNoProtocol) {
  Capture capture;
  const auto packet = [] { return PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2"); };
  capture.add(packet().udp(4000, 53));
  capture.add(packet().tcp(4000, 80).flags(tcp_flag::syn));
  const Outcome got = sense(capture);
  EXPECT_EQ(got.flow_to(53).value("app_proto", ""), "failed");
  EXPECT_FALSE(got.flow_to(80).contains("app_proto"));
}

TEST(Recognition, TheFirstDatagramThatFitsNothingIsAVerdict) {
  Capture capture;
  for (const char* bytes : {"x", "y"}) {
    capture.add(PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 5000).payload(bytes));
  }
  const Outcome got = sense(capture, {.rules = "alert udp any any -> any any (app-layer-protocol:failed; sid:1;)\n"
                                               "alert udp any any -> any any (app-layer-protocol:!dns; sid:2;)\n"});
  EXPECT_EQ(got.of("alert").size(), 2u);
}

TEST(ChangedProtocols, AnExpectedFlowMayChangeToo) {
  Capture capture;
  Conversation(capture, {.server_port = 21}).open().server("herald expects server tcp 9999 herald first\n");
  Conversation(capture, {.client_port = 40001}).open().client(joined("herald becomes guest second\n", kOne)).close();
  const Outcome got = sense(capture);
  const auto guests = got.of("guest");
  ASSERT_EQ(guests.size(), 1u);
  EXPECT_EQ(guests[0]["parent_id"], got.flow_to(21)["flow_id"]);
  EXPECT_EQ(guests[0]["guest"]["context"], "second");
  EXPECT_EQ(got.flow_to(kPort)["app_proto_orig"], "herald");
}

}  // namespace
}  // namespace lapwing::test
