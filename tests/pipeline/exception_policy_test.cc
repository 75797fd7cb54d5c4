// What becomes of flows that cannot be followed as they should, by each policy and whatever the reason.
#include "tests/pipeline/connection.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

const std::string kRule = R"(alert tcp any any -> any any (content:"midway"; sid:1;))";

class ExceptionPolicy : public test::Connection {
 protected:
  void set(std::string_view key, std::string_view value) {
    Setting& node = root_.make(key);
    node.kind = Setting::Kind::scalar;
    node.scalar = value;
  }
  void show_ignored() {
    const auto yaml = parse_yaml("outputs: [{eve-log: {types: [alert, flow: {exception-policy: yes}]}}]\n", "f.yaml");
    root_.children.push_back(std::move(yaml->children[0]));
  }
  /// What is said behind a handshake that nobody saw.
  void midway() {
    frames_ = std::make_unique<test::Frames>();
    sent_[0] = sent_[1] = 1000;
    talk();
  }
  void talk() {
    say(kUp, "GET /midway HTTP/1.1\r\nHost: a\r\n\r\n");
    acknowledge(kDown);
    say(kUp, "GET /midway/again HTTP/1.1\r\nHost: a\r\n\r\n");
    acknowledge(kDown);
  }
  struct Seen {
    size_t alerts = 0;
    std::vector<Json> flows;
    Json policies;  // of the last stats record
  };
  Seen run() {
    Seen seen;
    for (Json& record : all(kRule)) {
      seen.alerts += record["event_type"] == "alert";
      if (record["event_type"] == "stats") seen.policies = record["stats"]["exception_policy"];
      if (record["event_type"] == "flow") seen.flows.push_back(record["flow"]);
    }
    return seen;
  }
  static Json applied(std::string_view target, std::string_view policy) {
    return Json::array({{{"target", target}, {"policy", policy}}});
  }
};

TEST_F(ExceptionPolicy, BypassedWithoutItsBeginningAConnectionIsOnlyCounted) {
  for (std::string_view midstream : {"yes", "no"}) {
    for (std::string_view key : {"stream.midstream-policy", "exception-policy"}) {
      root_.children.clear();
      set("stream.midstream", midstream);
      set(key, "bypass");
      midway();
      const Seen seen = run();
      EXPECT_EQ(seen.alerts, 0U);
      ASSERT_EQ(seen.flows.size(), 1U);
      EXPECT_EQ(seen.flows[0]["state"], "bypassed");
      EXPECT_EQ(seen.flows[0]["pkts_toserver"], 2);
      EXPECT_EQ(seen.flows[0]["pkts_toclient"], 2);
      EXPECT_EQ(seen.flows[0].value("exception_policy", Json()), applied("stream_midstream", "bypass"));
      EXPECT_EQ(seen.policies["tcp"]["midstream"]["bypass"], 1);
    }
  }
}

TEST_F(ExceptionPolicy, IgnoredIsFollowedAsFarAsThatGoesAndToldWhereAsked) {
  set("exception-policy", "bypass");
  set("stream.midstream-policy", "ignore");
  midway();
  Seen seen = run();
  EXPECT_EQ(seen.alerts, 2U) << "the policy of its own decides";
  ASSERT_EQ(seen.flows.size(), 1U);
  EXPECT_FALSE(seen.flows[0].contains("exception_policy"));

  show_ignored();
  midway();
  seen = run();
  ASSERT_EQ(seen.flows.size(), 1U);
  EXPECT_EQ(seen.flows[0].value("exception_policy", Json()), applied("stream_midstream", "ignore"));
}

TEST_F(ExceptionPolicy, AStrayPacketHidesNoConnection) {
  set("stream.midstream-policy", "bypass");
  for (bool reset : {false, true}) {
    frames_ = std::make_unique<test::Frames>();
    sent_[0] = sent_[1] = 5000;
    auto stray = packet(kUp).ack(5000);
    frames_->add(reset ? stray.rst().build() : stray.build());
    sent_[0] = sent_[1] = 0;
    frames_->add(packet(kUp).syn().build());
    frames_->add(packet(kDown).syn_ack(1).build());
    sent_[0] = sent_[1] = 1;
    acknowledge(kUp);
    talk();
    const Seen seen = run();
    EXPECT_EQ(seen.alerts, 1U);  // of the stream
    ASSERT_EQ(seen.flows.size(), 2U);
    EXPECT_EQ(seen.flows[0]["state"], "bypassed");
    EXPECT_EQ(seen.flows[0]["reason"], "tcp_reuse");
    EXPECT_EQ(seen.flows[1]["state"], "established");
    EXPECT_FALSE(seen.flows[1].contains("exception_policy"));
  }
}

TEST_F(ExceptionPolicy, OfOneSideTheAnswerToTheHandshakeIsTheBeginning) {
  set("stream.midstream-policy", "bypass");
  for (bool oneside : {false, true}) {
    set("stream.async-oneside", oneside ? "yes" : "no");
    frames_ = std::make_unique<test::Frames>();
    sent_[0] = 1;
    sent_[1] = 0;
    frames_->add(packet(kDown).syn_ack(1).build());
    sent_[1] = 1;
    say(kDown, "midway");
    const Seen seen = run();
    EXPECT_EQ(seen.alerts, oneside ? 1U : 0U);
    ASSERT_EQ(seen.flows.size(), 1U);
    EXPECT_EQ(seen.flows[0]["state"] == "bypassed", !oneside);
  }
}

TEST_F(ExceptionPolicy, WithoutRoomForItsSessionAConnectionIsCountedWhereAsked) {
  set("stream.memcap", "1");
  for (std::string_view policy : {"ignore", "bypass"}) {
    set("stream.memcap-policy", policy);
    handshake();
    talk();
    const Seen seen = run();
    EXPECT_EQ(seen.alerts, policy == "bypass" ? 0U : 2U);
    ASSERT_EQ(seen.flows.size(), 1U);
    EXPECT_EQ(seen.flows[0]["state"] == "bypassed", policy == "bypass");
    EXPECT_EQ(seen.flows[0].contains("exception_policy"), policy == "bypass");
    if (policy == "bypass") {
      EXPECT_EQ(seen.flows[0].value("exception_policy", Json()), applied("stream_memcap", "bypass"));
    }
  }
}

TEST_F(ExceptionPolicy, WithoutRoomForItsDataAConnectionIsCountedWhereAsked) {
  set("stream.reassembly.memcap", "1");
  for (std::string_view policy : {"ignore", "bypass"}) {
    set("stream.reassembly.memcap-policy", policy);
    handshake();
    sent_[0] += 100;  // what waits for these bytes has no room
    talk();
    const Seen seen = run();
    ASSERT_EQ(seen.flows.size(), 1U);
    EXPECT_EQ(seen.flows[0]["state"] == "bypassed", policy == "bypass");
    if (policy == "bypass") {
      EXPECT_EQ(seen.flows[0].value("exception_policy", Json()), applied("stream_reassembly_memcap", "bypass"));
    }
  }
}

TEST_F(ExceptionPolicy, AFlowWhoseDissectorGaveUpIsCountedWhereAsked) {
  // A ClientHello of TLS, and no TLS behind it.
  const std::string hello = std::string("\x16\x03\x03\0\x2f\1\0\0\x2b\3\3", 11) + std::string(32, 'R') +
                            std::string("\0\0\x02\x13\x01\x01\0\0\0", 9);
  for (std::string_view policy : {"ignore", "bypass"}) {
    set("app-layer.error-policy", policy);
    handshake();
    say(kUp, hello);
    acknowledge(kDown);
    say(kUp, "no record\n");
    acknowledge(kDown);
    say(kUp, "midway");
    acknowledge(kDown);
    const Seen seen = run();
    ASSERT_EQ(seen.flows.size(), 1U);
    EXPECT_EQ(seen.alerts, policy == "bypass" ? 0U : 1U);
    EXPECT_EQ(seen.flows[0]["state"] == "bypassed", policy == "bypass");
    if (policy == "bypass") {
      EXPECT_EQ(seen.flows[0].value("exception_policy", Json()), applied("app_layer_error", "bypass"));
    }
  }
}

}  // namespace
}  // namespace lapwing
