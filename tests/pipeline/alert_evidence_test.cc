// What an alert shows beside its rule: the answer, the transaction, the bytes.
#include "tests/pipeline/connection.h"

namespace lapwing {
namespace {

using namespace test;

constexpr std::string_view kReport = "GET /report HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr std::string_view kRefusal =
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nstop";

class AlertEvidence : public Connection {
 protected:
  AlertEvidence() {
    for (const char* option : {"packet=yes", "payload=yes", "payload-printable=yes"}) {
      set_value(root_, std::string("outputs.eve-log.types.alert.") + option);
    }
  }
  void ask(std::string_view request = kReport) {
    say(Direction::to_server, request);
    acknowledge(Direction::to_client);
  }
  void answer(std::string_view text = kRefusal) {
    say(Direction::to_client, text);
    acknowledge(Direction::to_server);
  }
  nlohmann::json only(const std::string& rule) {
    auto found = alerts(rule);
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? nlohmann::json{} : found[0];
  }
};

const std::string kAsked = "alert http any any -> any any (msg:\"asked\"; http.uri; content:\"report\"; sid:1;)\n";

TEST_F(AlertEvidence, OnARequestIsTheAnswerToo) {
  handshake();
  ask();
  answer();
  const auto alert = only(kAsked);
  EXPECT_EQ(alert["http"]["status"], 403);
  EXPECT_EQ(alert["http"]["length"], 4);
  EXPECT_EQ(alert["pcap_cnt"], 7);  // the client's, which acknowledges the answer
  EXPECT_EQ(alert["direction"], "to_server");
}

TEST_F(AlertEvidence, ManyOfOneDirectionAtTheEndOfAFlowHideNoneOfTheOther) {
  handshake();
  say(Direction::to_server, "many things");
  say(Direction::to_client, "one thing");
  std::string rules = "alert tcp any any -> any any (flow:to_client; content:\"one\"; sid:99;)\n";
  for (int sid = 1; sid < 20; ++sid) {
    rules += "alert tcp any any -> any any (flow:to_server; content:\"many\"; sid:" + std::to_string(sid) + ";)\n";
  }
  const auto found = alerts(rules);
  EXPECT_EQ(found.size(), 16u) << "packet-alert-max of the client's";
  EXPECT_EQ(signature(found.back()), 99);
}

TEST_F(AlertEvidence, IsTheSameHoweverTheAnswerWasCut) {
  handshake();
  ask();
  for (size_t at = 0; at < kRefusal.size(); at += 10) answer(kRefusal.substr(at, 10));
  const auto alert = only(kAsked);
  EXPECT_EQ(alert["http"]["status"], 403);
  EXPECT_EQ(alert["http"]["length"], 4);
}

TEST_F(AlertEvidence, WithoutAWholeAnswerIsToldWhenTheFlowEndsWithTheLastPacketOfItsSide) {
  handshake();
  ask();
  answer(kRefusal.substr(0, kRefusal.size() - 1));
  const auto alert = only(kAsked);
  EXPECT_EQ(alert["http"]["status"], 403);
  EXPECT_TRUE(alert.contains("packet"));
}

TEST_F(AlertEvidence, WithoutAnAnswerIsToldWhenTheFlowEnds) {
  handshake();
  ask();
  const auto alert = only(kAsked);
  EXPECT_EQ(alert["src_ip"], kClientAddress);
  EXPECT_FALSE(alert.contains("packet")) << "none of the client's came since";
  EXPECT_FALSE(alert["http"].contains("status"));
}

TEST_F(AlertEvidence, OfTheOtherDirectionsFaultIsTheAnswer) {
  handshake();
  ask();
  answer("HTTP/1.1 200 OK\r\nContent-Encoding: none-of-them\r\nContent-Length: 2\r\n\r\nok");
  const auto alert = only(
      "alert http any any -> any any (msg:\"coding\"; flow:established,to_server; "
      "app-layer-event:http.abnormal_ce_header; sid:1;)\n");
  EXPECT_EQ(alert["src_ip"], kClientAddress);
  EXPECT_EQ(alert["http"]["status"], 200);
}

TEST_F(AlertEvidence, OfARuleOverAFieldAndALaterFaultIsThere) {
  handshake();
  ask();
  answer("HTTP/1.1 200 OK\r\nContent-Encoding: none-of-them\r\nContent-Length: 2\r\n\r\nok");
  only(
      "alert http any any -> any any (msg:\"both\"; flow:to_server; http.uri; content:\"report\"; "
      "app-layer-event:http.abnormal_ce_header; sid:1;)\n");
}

TEST_F(AlertEvidence, HasTheStreamWhateverOtherRulesLookAt) {
  handshake();
  ask();
  answer();
  EXPECT_EQ(only(kAsked)["payload_printable"], kReport);
}

TEST_F(AlertEvidence, SaysWhatIsMissingOfTheStream) {
  handshake();
  ask("before;");
  sent_[0] += 6;
  ask("behind");
  ask(";more");
  const auto found = alerts("alert tcp-stream any any -> any any (msg:\"behind\"; content:\"behind\"; sid:1;)\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["payload_printable"], "before;[6 bytes missing]behind;more");
}

TEST_F(AlertEvidence, ShownWithItsStreamLooksAtWhatCameBeforeAGap) {
  handshake();
  ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nmark567890");
  sent_[0] += 10;
  ask();
  answer();
  only(
      "alert http any any -> any any (msg:\"both\"; flow:to_server; content:\"POST\"; http.request_body; "
      "content:\"mark\"; sid:1;)\n");
}

TEST_F(AlertEvidence, OverRawBytesNamesTheTransactionTheyBelongTo) {
  const auto get = [](std::string_view name) {
    return "GET /" + std::string(name) + " HTTP/1.1\r\nHost: " + std::string(name) + ".example\r\n\r\n";
  };
  handshake();
  ask(get("first") + get("second") + get("third"));
  answer();
  answer();
  answer();
  const auto found = alerts(
      "alert tcp any any -> any any (msg:\"1\"; content:\"GET /second\"; sid:1;)\n"
      "alert tcp any any -> any any (msg:\"2\"; content:\"GET /third\"; sid:2;)\n"
      "alert tcp any any -> any any (msg:\"3\"; flow:to_client; content:\"Forbidden\"; sid:3;)\n");
  ASSERT_GE(found.size(), 3u);
  EXPECT_EQ(found[0]["tx_id"], 1);
  EXPECT_EQ(found[0]["http"]["url"], "/second");
  EXPECT_EQ(found[1]["tx_id"], 2);
  EXPECT_EQ(found[1]["http"]["url"], "/third");
  EXPECT_EQ(found[1]["http"]["status"], 403);
  EXPECT_EQ(found[2]["http"]["url"], "/first");
}

TEST_F(AlertEvidence, OverRawBytesOfALongBodyNamesItsTransaction) {
  handshake();
  ask("POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\nmark" + std::string(996, 'x'));
  for (int i = 0; i < 19; ++i) ask(std::string(1000, 'x'));
  answer();
  const auto alert = only("alert tcp any any -> any any (msg:\"raw\"; content:\"mark\"; sid:1;)\n");
  EXPECT_EQ(alert["http"]["url"], "/long");
  EXPECT_EQ(alert["http"]["status"], 403);
}

TEST_F(AlertEvidence, OverRawBytesFarInFrontOfTheEndOfTheHeadersNamesTheirTransaction) {
  handshake();
  ask("GET /long HTTP/1.1\r\nHost: a\r\nMark: mark\r\n");
  for (int i = 0; i < 9; ++i) ask("Cookie: " + std::string(1000, 'x') + "\r\n");
  ask("\r\n");
  answer();
  const auto alert = only("alert tcp any any -> any any (msg:\"raw\"; content:\"mark\"; sid:1;)\n");
  EXPECT_EQ(alert["http"]["url"], "/long");
  EXPECT_EQ(alert["http"]["status"], 403);
}

TEST_F(AlertEvidence, WithoutAnAnswerIsToldTenSecondsLater) {
  handshake();
  ask();
  for (int second : {9, 11, 12}) {
    auto frame = packet(Direction::to_server).ack(1).build();
    frame.time.ns += second * 1'000'000'000ll;
    frames_->add(std::move(frame));
  }
  EXPECT_EQ(only(kAsked)["pcap_cnt"], 7);
}

TEST_F(AlertEvidence, WithoutAnAnswerHasTheInnerPacketOfItsTunnel) {
  constexpr std::string_view kFrom = "192.0.2.1", kTo = "192.0.2.2";
  const auto inside = [&](Direction direction) {
    const bool up = direction == Direction::to_server;
    PacketBuilder out;
    out.ether()
        .ipv4(up ? kFrom : kTo, up ? kTo : kFrom)
        .gre()
        .ipv4(up ? kClientAddress : kServerAddress, up ? kServerAddress : kClientAddress);
    out.tcp(up ? kClientPort : kServerPort, up ? kServerPort : kClientPort);
    return out;
  };
  const auto end = static_cast<uint32_t>(1 + kReport.size());
  frames_->add(inside(Direction::to_server).seq(0).syn().build());
  frames_->add(inside(Direction::to_client).seq(0).syn_ack(1).build());
  frames_->add(inside(Direction::to_server).seq(1).ack(1).psh().payload(kReport).build());
  frames_->add(inside(Direction::to_client).seq(1).ack(end).build());
  frames_->add(inside(Direction::to_server).seq(end).ack(1).build());
  EXPECT_EQ(only(kAsked)["packet_info"]["linktype"], 12);
}

/// RFC 1035 4.1.
std::string question_below_example(std::string_view label) {
  return std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) + static_cast<char>(label.size()) +
         std::string(label) +
         std::string(
             "\x07"
             "example\x00\x00\x01\x00\x01",
             13);
}

TEST_F(AlertEvidence, OverADatagramNamesItsTransactionWhereTheRuleNamesItsProtocol) {
  for (std::string_view label : {"first", "second"}) {
    const std::string payload = question_below_example(label);
    frames_->add(
        PacketBuilder().ether().ipv4(kClientAddress, kServerAddress).udp(kClientPort, 53).payload(payload).build());
  }
  const auto found = alerts(
      "alert dns any any -> any any (msg:\"dns\"; content:\"second\"; sid:1;)\n"
      "alert udp any any -> any any (msg:\"udp\"; content:\"second\"; sid:2;)\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0]["tx_id"], 1);
  EXPECT_EQ(found[0]["dns"]["queries"][0]["rrname"], "second.example") << found[0];
  EXPECT_FALSE(found[1].contains("tx_id"));
  EXPECT_FALSE(found[1].contains("dns"));
}

TEST_F(AlertEvidence, OfRulesThatDoNotAlertIsAMetadataRecordWhereOneIsWanted) {
  const std::string rules =
      "alert http any any -> any any (msg:\"a\"; pcre:\"/account=(\\d+)/, pkt:account\"; noalert; sid:1;)\n"
      "alert http any any -> any any (msg:\"r\"; pcre:\"/role=([a-z]+)/, flow:role\"; noalert; sid:2;)\n";
  for (bool wanted : {false, true}) {
    if (wanted) set_value(root_, "outputs.eve-log.types.metadata=yes");
    handshake();
    ask("GET /?account=7741&role=auditor HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto found = records(rules, "metadata");
    ASSERT_EQ(found.size(), wanted ? 1u : 0u);
    if (!wanted) continue;
    EXPECT_EQ(found[0]["metadata"]["pktvars"][0]["account"], "7741");
    EXPECT_EQ(found[0]["metadata"]["flowvars"][0]["role"], "auditor");
  }
}

TEST_F(AlertEvidence, HasTheEntropyThatPassedItsThreshold) {
  handshake();
  ask();
  answer();
  const std::string rules =
      "alert http any any -> any any (msg:\"entropy\"; flow:to_client; file.data; entropy: value > 1; sid:1;)\n";
  EXPECT_NEAR(only(rules)["metadata"]["entropy"]["file_data"].get<double>(), 2.0, 1e-6);
}

TEST_F(AlertEvidence, HasTheFlowsIntegers) {
  handshake();
  ask();
  const auto alert = only(
      "alert tcp any any -> any any (msg:\"count\"; flow:to_server; flowint:seen,=,3; flowint:more,=,1; noalert; "
      "sid:1;)\n"
      "alert http any any -> any any (msg:\"a\"; http.uri; content:\"report\"; flowint:seen,+,4; sid:2;)\n");
  EXPECT_EQ(alert["metadata"]["flowints"], (nlohmann::json{{"seen", 7}, {"more", 1}})) << alert;
}

TEST_F(AlertEvidence, HasTheMessageAsItStands) {
  handshake();
  ask();
  EXPECT_EQ(
      only("alert http any any -> any any (msg:\" asked \" ; http.uri; content:\"report\"; sid:1;)\n")["alert"]
                                                                                                      ["signature"],
      " asked ");
}

TEST_F(AlertEvidence, HasBodiesWhereTheAlertSectionAsks) {
  set_value(root_, "outputs.eve-log.types.alert.http-body=yes");
  set_value(root_, "outputs.eve-log.types.alert.http-body-printable=yes");
  handshake();
  ask();
  answer();
  const auto alert = only(kAsked);
  EXPECT_EQ(alert["http"]["http_response_body"], "c3RvcA==");
  EXPECT_EQ(alert["http"]["http_response_body_printable"], "stop");
}

TEST_F(AlertEvidence, OfRulesForTheStreamAloneIsNotWhatEnteredNone) {
  handshake();
  frames_->add(packet(Direction::to_server).rst().payload("marker").build());
  const auto found = alerts(
      "alert tcp any any -> any any (msg:\"stream\"; flow:only_stream; content:\"marker\"; sid:1;)\n"
      "alert tcp any any -> any any (msg:\"any\"; content:\"marker\"; sid:2;)\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(signature(found[0]), 2);
}

}  // namespace
}  // namespace lapwing
