#include "sensor/flow/flow_key.h"

#include <gtest/gtest.h>

#include "tests/flow/flow_packets.h"

namespace lapwing {
namespace {

using namespace test;

FlowKey key_of(const Packet& packet, bool use_vlan = true, bool* swapped = nullptr) {
  FlowKey key;
  bool side = false;
  EXPECT_TRUE(make_flow_key(packet, use_vlan, key, side));
  if (swapped) *swapped = side;
  return key;
}

bool has_key(const Packet& packet) {
  FlowKey key;
  bool swapped;
  return make_flow_key(packet, true, key, swapped);
}

TEST(FlowKey, BothDirectionsShareOneKeyAndDifferInSide) {
  bool forth, back;
  EXPECT_EQ(key_of(udp(), true, &forth), key_of(udp_reply(), true, &back));
  EXPECT_NE(forth, back);
}

TEST(FlowKey, PortsDecideTheSideBetweenEqualAddresses) {
  auto there = flow_packet(ip_proto::udp, "127.0.0.1", 5, "127.0.0.1", 9);
  auto back = flow_packet(ip_proto::udp, "127.0.0.1", 9, "127.0.0.1", 5);
  EXPECT_EQ(key_of(there), key_of(back));
}

TEST(FlowKey, PortProtocolVersionVlanAndTunnelDepthKeepFlowsApart) {
  Packet base = udp();
  FlowKey key = key_of(base);
  EXPECT_NE(key, key_of(udp(0, 1001)));
  Packet other = base;
  other.proto = ip_proto::tcp;
  EXPECT_NE(key, key_of(other));
  EXPECT_NE(key, key_of(flow_packet(ip_proto::udp, "::a00:1", 1000, "::a00:2", 53)));
  other = base;
  other.vlan_count = 2;
  other.vlan = {7, 8};
  EXPECT_NE(key, key_of(other));
  EXPECT_EQ(key, key_of(other, false));
  Packet third = other;
  third.vlan_count = 3;
  third.vlan = {7, 8, 100};
  const FlowKey hundred = key_of(third);
  EXPECT_NE(hundred, key_of(other));
  third.vlan[2] = 200;
  EXPECT_NE(hundred, key_of(third));
  other = base;
  other.tunnel_count = 1;
  other.tunnels[0].kind = TunnelKind::vxlan;
  EXPECT_NE(key, key_of(other));
  other.tunnels[0].kind = TunnelKind::mpls;
  EXPECT_EQ(key, key_of(other)) << "a label stack is no tunnel between other hosts";
}

TEST(FlowKey, RequestAndReplyOfIcmpShareOneKey) {
  EXPECT_EQ(key_of(icmp("10.0.0.1", "10.0.0.2", 8)), key_of(icmp("10.0.0.2", "10.0.0.1", 0)));
  EXPECT_EQ(key_of(icmp("10.0.0.9", "10.0.0.2", 13)), key_of(icmp("10.0.0.2", "10.0.0.9", 14)));
  EXPECT_EQ(key_of(icmp("2001:db8::1", "2001:db8::2", 128)), key_of(icmp("2001:db8::2", "2001:db8::1", 129)));
  EXPECT_NE(key_of(icmp("10.0.0.1", "10.0.0.2", 8)), key_of(icmp("10.0.0.2", "10.0.0.1", 8)))
      << "requests of both sides are two conversations";
}

TEST(FlowKey, FragmentsErrorsAndForeignProtocolsHaveNone) {
  Packet fragment = udp();
  fragment.is_fragment = true;
  EXPECT_FALSE(has_key(fragment));
  Packet cut = udp();
  cut.has_l4 = false;
  EXPECT_FALSE(has_key(cut));
  EXPECT_FALSE(has_key(icmp("10.0.0.1", "10.0.0.2", 3)));
  EXPECT_FALSE(has_key(flow_packet(ip_proto::igmp, "10.0.0.1", 0, "224.0.0.1", 0)));
  EXPECT_FALSE(has_key(Packet{}));
}

TEST(FlowKey, SecurityAssociationsAreKeyedBySpiInEitherDirection) {
  const uint8_t spi[] = {0x12, 0x34, 0, 9, 0, 0, 0, 1};
  Packet packet = flow_packet(ip_proto::esp, "10.0.0.9", 0, "10.0.0.2", 0);
  packet.ip_payload = spi;
  FlowKey key = key_of(packet);
  std::swap(packet.src, packet.dst);
  EXPECT_EQ(key, key_of(packet));
  const uint8_t other[] = {0x12, 0x34, 0, 8};
  packet.ip_payload = other;
  EXPECT_NE(key, key_of(packet));
}

TEST(FlowKey, AnErrorYieldsTheKeyOfThePacketItQuotes) {
  Packet error = icmp("10.0.0.254", "10.0.0.1", 3, 3);
  error.has_quoted = true;
  error.quoted = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 1000, 53, ip_proto::udp};
  FlowKey key;
  ASSERT_TRUE(make_quoted_key(error, true, key));
  EXPECT_EQ(key, key_of(udp()));
  error.quoted.proto = ip_proto::icmp;
  EXPECT_FALSE(make_quoted_key(error, true, key));
}

}  // namespace
}  // namespace lapwing
