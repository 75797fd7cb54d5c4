#include "sensor/identify/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/identify/default_config.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using test::PacketBuilder;
using testing::Contains;
using testing::IsEmpty;

class IdentifyTest : public testing::Test {
 protected:
  explicit IdentifyTest(const IdentifyConfig& c = test::default_config()) : identifier_(c) {}

  void feed(IdentifyState& state, const PacketBuilder& packet, int64_t second = 1'700'000'000) {
    identifier_.packet(state, packet.build().bytes, Timestamp::from_seconds(second));
  }

  /// Handshake, request and answer between `client`:40000 and port `port` of 192.0.2.80.
  void http_flow(IdentifyState& state, uint16_t port, std::string_view client = "10.0.0.1") {
    std::string_view server = "192.0.2.80";
    std::string_view request = "GET /index.html HTTP/1.1\r\nHost: lapwing.example\r\nUser-Agent: Mozilla/5.0\r\n\r\n";
    std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi";
    feed(state, PacketBuilder().ipv4(client, server).tcp(40000, port).seq(100).syn());
    feed(state, PacketBuilder().ipv4(server, client).tcp(port, 40000).seq(500).syn_ack(101));
    feed(state, PacketBuilder().ipv4(client, server).tcp(40000, port).seq(101).ack(501));
    feed(state, PacketBuilder().ipv4(client, server).tcp(40000, port).seq(101).ack(501).psh().payload(request));
    feed(state, PacketBuilder().ipv4(server, client).tcp(port, 40000).seq(501).ack(180).psh().payload(answer));
  }

  static PacketBuilder dns_query() {
    auto query = test::from_hex("1234 0100 0001 0000 0000 0000 07 6c617077696e67 07 6578616d706c65 00 0001 0001");
    return PacketBuilder().ipv4("10.0.0.1", "10.0.0.53").udp(50000, 53).payload(Bytes(query));
  }

  Identifier identifier_;
};

TEST_F(IdentifyTest, HttpIsNamedWithItsHostAndCategory) {
  IdentifyState state;
  http_flow(state, 80);
  identifier_.finish(state);
  ASSERT_TRUE(state.done());
  Application found = identifier_.describe(state);
  EXPECT_EQ(found.protocol, "HTTP");
  EXPECT_EQ(found.hostname, "lapwing.example");
  EXPECT_EQ(found.category, "Web");
  EXPECT_EQ(found.confidence, "DPI");
  EXPECT_EQ(found.breed, "Acceptable");
  EXPECT_EQ(found.risk, 0u);
  EXPECT_THAT(found.risk_names, IsEmpty());
  EXPECT_EQ(found.risk_score, 0);
  EXPECT_EQ(identifier_.counters().detected, 1u);
}

TEST_F(IdentifyTest, HttpOnAnUnusualPortIsARiskWithNameAndScore) {
  IdentifyState state;
  http_flow(state, 4321);
  identifier_.finish(state);
  Application found = identifier_.describe(state);
  EXPECT_EQ(found.protocol, "HTTP");
  EXPECT_NE(found.risk, 0u);
  EXPECT_THAT(found.risk_names, Contains("Known Protocol on Non Standard Port"));
  EXPECT_GT(found.risk_score, 0);
  EXPECT_EQ(found.risk_score, found.risk_score_client + found.risk_score_server);
}

TEST_F(IdentifyTest, WhatIsKnownIsToldWhileTheFlowGoesOn) {
  IdentifyState state;
  EXPECT_EQ(identifier_.describe(state).protocol, "");
  feed(state, dns_query());
  Application found = identifier_.describe(state);
  EXPECT_EQ(found.protocol, "DNS");
  EXPECT_EQ(found.hostname, "lapwing.example");
}

TEST_F(IdentifyTest, AFlowWithoutContentIsGuessedByItsPort) {
  IdentifyState state;
  feed(state, PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 22).syn());
  identifier_.finish(state);
  Application found = identifier_.describe(state);
  EXPECT_EQ(found.protocol, "SSH");
  EXPECT_EQ(found.confidence, "Match by port");
  EXPECT_EQ(identifier_.counters().guessed, 1u);
}

TEST_F(IdentifyTest, PacketsOfAnotherTransportAreLeftOut) {
  IdentifyState state;
  feed(state, dns_query());
  feed(state, PacketBuilder().ipv4("10.0.0.1", "10.0.0.53").tcp(50000, 53).syn());
  feed(state, PacketBuilder().ipv4("10.0.0.1", "10.0.0.53").icmp(3, 3));
  identifier_.finish(state);
  EXPECT_EQ(identifier_.counters().other_transport, 2u);
  EXPECT_EQ(identifier_.describe(state).protocol, "DNS");
}

TEST_F(IdentifyTest, BytesWithoutHeadersAreLeftOut) {
  IdentifyState state;
  identifier_.packet(state, {}, {});
  identifier_.packet(state, test::from_hex("45"), {});
  auto cut = dns_query().build().bytes;
  identifier_.packet(state, Bytes(cut).first(19), {});
  EXPECT_EQ(identifier_.counters().unusable, 3u);
  EXPECT_EQ(identifier_.counters().packets, 0u);
  identifier_.finish(state);
  EXPECT_EQ(identifier_.describe(state).protocol, "");
}

TEST_F(IdentifyTest, FinishingTwiceOrAFreshFlowDoesNothing) {
  IdentifyState fresh, used;
  identifier_.finish(fresh);
  feed(used, dns_query());
  identifier_.finish(used);
  identifier_.finish(used);
  feed(used, dns_query());
  EXPECT_EQ(identifier_.counters().packets, 1u);
  EXPECT_EQ(identifier_.counters().detected, 1u);
  EXPECT_EQ(identifier_.describe(used).hostname, "lapwing.example");
}

TEST_F(IdentifyTest, TimeRunningBackwardsChangesNothing) {
  IdentifyState forward, backward;
  http_flow(forward, 80);
  for (int64_t second : {1'700'000'000, 5, -7}) feed(backward, dns_query(), second);
  identifier_.finish(backward);
  EXPECT_EQ(identifier_.describe(backward).protocol, "DNS");
}

TEST_F(IdentifyTest, ATcpFlowThatStaysUnknownIsGivenUpAtTheLimit) {
  IdentifyState state;
  std::string payload(900, '\x81');
  uint32_t seq = 1;
  for (int i = 0; i < 200 && !state.done(); ++i, seq += 900) {
    feed(state, PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(40001, 40002).seq(seq).ack(1).psh().payload(payload));
  }
  EXPECT_TRUE(state.done());
  EXPECT_EQ(identifier_.counters().packets, test::default_config().tcp_packets + 1);
  EXPECT_EQ(identifier_.counters().unknown, 1u);
}

TEST_F(IdentifyTest, StateIsReusedOnceAFlowIsDone) {
  // More flows than may be under detection at once, one after the other.
  for (uint64_t i = 0; i < test::default_config().max_flows + 10; ++i) {
    IdentifyState state;
    feed(state, PacketBuilder().ipv4().udp(1000, 2000).payload("??"));
  }
  EXPECT_EQ(identifier_.counters().max_flows, 0u);
}

class IdentifyTwoFlowsTest : public IdentifyTest {
 protected:
  IdentifyTwoFlowsTest()
      : IdentifyTest([] {
          auto c = test::default_config();
          c.max_flows = 2;
          return c;
        }()) {}
};

TEST_F(IdentifyTwoFlowsTest, FlowsOverTheCapAreCountedAndStayUnidentified) {
  IdentifyState first, third;
  feed(first, dns_query());
  {
    IdentifyState second;
    feed(second, PacketBuilder().ipv4().tcp(40000, 22).syn());
    feed(third, dns_query());
    EXPECT_TRUE(third.done());
    EXPECT_EQ(identifier_.counters().max_flows, 1u);
    EXPECT_EQ(identifier_.describe(third).protocol, "");
  }
  IdentifyState fourth;
  feed(fourth, dns_query());
  EXPECT_EQ(identifier_.describe(fourth).protocol, "DNS");
}

class IdentifyShedTest : public IdentifyTest {
 protected:
  IdentifyShedTest()
      : IdentifyTest([] {
          auto c = test::default_config();
          c.shed_above = 40;
          return c;
        }()) {}

  std::string_view verdict() {
    IdentifyState state;
    feed(state, dns_query());
    identifier_.finish(state);
    return identifier_.describe(state).protocol;
  }
};

TEST_F(IdentifyShedTest, FlowsAreLeftOutFromTheLimitUntilHalfOfItIsLeft) {
  for (auto [share, expected] : {std::pair{0.39, "DNS"}, {0.41, ""}, {0.21, ""}, {0.19, "DNS"}, {0.39, "DNS"}}) {
    identifier_.backlog(share);
    EXPECT_EQ(verdict(), expected) << share;
  }
  EXPECT_EQ(identifier_.counters().shed_above, 2u);
  EXPECT_EQ(identifier_.counters().packets, 3u);
}

TEST_F(IdentifyShedTest, AFlowUnderWayIsSettledByWhatIsKnown) {
  IdentifyState begun;
  feed(begun, PacketBuilder().ipv4("10.0.0.1", "192.0.2.80").tcp(40000, 80).seq(100).syn());
  identifier_.backlog(1);
  feed(begun, PacketBuilder().ipv4("192.0.2.80", "10.0.0.1").tcp(80, 40000).seq(500).syn_ack(101));
  EXPECT_TRUE(begun.done());
  EXPECT_EQ(identifier_.describe(begun).protocol, "HTTP");
  EXPECT_EQ(identifier_.describe(begun).confidence, "Match by port");
  EXPECT_EQ(identifier_.counters().shed_above, 1u);
}

TEST(IdentifyOptionsTest, SwitchedOffNothingIsIdentified) {
  auto off = test::default_config();
  off.enabled = false;
  Identifier identifier(off);
  IdentifyState state;
  identifier.packet(state, PacketBuilder().ipv4().tcp(1, 22).syn().build().bytes, {});
  identifier.finish(state);
  EXPECT_TRUE(state.done());
  EXPECT_EQ(identifier.describe(state).protocol, "");
  EXPECT_EQ(identifier.counters().packets, 0u);
}

TEST(IdentifyOptionsTest, WithoutGuessingAPortAloneSaysNothing) {
  auto strict = test::default_config();
  strict.guess = false;
  Identifier identifier(strict);
  IdentifyState state;
  identifier.packet(state, PacketBuilder().ipv4().tcp(1, 22).syn().build().bytes, {});
  identifier.finish(state);
  EXPECT_EQ(identifier.describe(state).protocol, "");
  EXPECT_EQ(identifier.counters().unknown, 1u);
}

}  // namespace
}  // namespace lapwing
