#include "sensor/app/expectations.h"

#include <gtest/gtest.h>

#include "sensor/decode/packet.h"

namespace lapwing {
namespace {

IpAddress host(uint8_t last) {
  const uint8_t bytes[] = {10, 0, 0, last};
  return IpAddress::v4(bytes);
}

/// From `client`, port `from`, to `server`, port `to`.
Flow flow(uint8_t client, uint16_t from, uint8_t server, uint16_t to, uint8_t proto = ip_proto::tcp) {
  Packet packet;
  packet.ip_version = 4;
  packet.proto = proto;
  packet.src = host(client);
  packet.dst = host(server);
  packet.src_port = from;
  packet.dst_port = to;
  packet.has_l4 = true;
  packet.wants_flow = true;
  Flow out;
  bool swapped = false;
  EXPECT_TRUE(make_flow_key(packet, true, out.key, swapped));
  out.client_side = swapped;
  out.id = 4711;
  return out;
}

Timestamp at(int64_t seconds) {
  return Timestamp::from_seconds(seconds);
}

struct Lab {
  AppProtocol protocol;
  Expectations expectations;
  Flow control = flow(1, 40000, 2, 21);

  void expect(Sender listener, uint16_t port, int64_t now, bool datagrams = false) {
    expectations.add(control, {.listener = listener, .port = port, .datagrams = datagrams}, protocol, at(now));
  }
  bool meets(const Flow& data, int64_t now) { return expectations.take(data, at(now)).has_value(); }
};

TEST(Expectations, AFlowOfEitherListenerIsMetOnce) {
  Lab lab;
  lab.expect(Sender::server, 5000, 0);
  const auto passive = lab.expectations.take(flow(1, 40001, 2, 5000), at(1));
  ASSERT_TRUE(passive);
  EXPECT_EQ(passive->protocol, &lab.protocol);
  EXPECT_EQ(passive->parent, 4711u);
  EXPECT_FALSE(lab.meets(flow(1, 40002, 2, 5000), 1)) << "one flow was announced";

  lab.expect(Sender::client, 6000, 0);
  EXPECT_FALSE(lab.meets(flow(1, 40003, 2, 6000), 1)) << "the client listens, it does not connect";
  EXPECT_TRUE(lab.meets(flow(2, 20, 1, 6000), 1));
  EXPECT_TRUE(lab.expectations.empty());
}

TEST(Expectations, WithoutAPortAreOfTheListenersOwn) {
  Lab lab;
  lab.expect(Sender::client, 0, 0, true);
  EXPECT_FALSE(lab.meets(flow(2, 69, 1, 21, ip_proto::udp), 1));
  EXPECT_TRUE(lab.meets(flow(2, 50000, 1, 40000, ip_proto::udp), 1));
  lab.expect(Sender::server, 0, 0);
  EXPECT_TRUE(lab.meets(flow(1, 50000, 2, 21), 1));
}

TEST(Expectations, OthersAreNotMet) {
  Lab lab;
  lab.expect(Sender::server, 5000, 0);
  EXPECT_FALSE(lab.meets(flow(1, 40001, 2, 5001), 1));
  EXPECT_FALSE(lab.meets(flow(1, 40001, 3, 5000), 1));
  for (uint8_t proto : {ip_proto::udp, ip_proto::sctp}) EXPECT_FALSE(lab.meets(flow(1, 40001, 2, 5000, proto), 1));
  EXPECT_TRUE(lab.meets(flow(1, 40001, 2, 5000), 30));
  lab.expect(Sender::server, 5000, 0);
  EXPECT_FALSE(lab.meets(flow(1, 40001, 2, 5000), 31)) << "it was waited for long enough";
  EXPECT_TRUE(lab.expectations.empty());
}

TEST(Expectations, OfDatagramsTheListenerMaySpeakFirst) {
  Lab lab;
  lab.expect(Sender::server, 7000, 0, true);
  EXPECT_TRUE(lab.meets(flow(2, 7000, 1, 9000, ip_proto::udp), 1));
  lab.expect(Sender::server, 7000, 0);
  EXPECT_FALSE(lab.meets(flow(2, 7000, 1, 9000), 1));
  lab.expectations.add(lab.control, {.port = 8000, .datagrams = true, .answers = true}, lab.protocol, at(0));
  EXPECT_FALSE(lab.meets(flow(2, 8000, 1, 9000, ip_proto::udp), 1)) << "it only answers";
  EXPECT_TRUE(lab.meets(flow(1, 9000, 2, 8000, ip_proto::udp), 1));
}

TEST(Expectations, AreBoundedByPairAndInAll) {
  Lab lab;
  for (uint16_t port = 1; port <= Expectations::kMaxPair + 1; ++port) lab.expect(Sender::server, port, 0);
  lab.expect(Sender::server, 5, 0);  // again: replaces, and takes no room
  EXPECT_EQ(lab.expectations.counters().pair_max, 1u);
  EXPECT_FALSE(lab.meets(flow(1, 40001, 2, 1), 1)) << "the oldest was given up";
  EXPECT_TRUE(lab.meets(flow(1, 40001, 2, 2), 1));

  Lab many;
  for (size_t i = 0; i <= Expectations::kMaxTotal; ++i) {
    many.control = flow(static_cast<uint8_t>(i % 250), 40000, static_cast<uint8_t>(251 + i / 2500), 21);
    many.expect(Sender::server, static_cast<uint16_t>(i), 0);
  }
  EXPECT_EQ(many.expectations.counters().total_max, 1u);
  EXPECT_EQ(many.expectations.counters().made, Expectations::kMaxTotal + 1);
}

}  // namespace
}  // namespace lapwing
