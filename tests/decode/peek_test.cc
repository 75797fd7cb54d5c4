// What a glance at a frame tells of whose it is. That it is true, every test of decoding sees.
#include <gtest/gtest.h>

#include "tests/decode/decoding.h"

namespace lapwing {
namespace {

using namespace test;

std::optional<AddressPair> peek(const PacketBuilder& builder, const DecodeConfig& config = default_config(),
                                ChecksumMode checksums = ChecksumMode::all) {
  const BuiltFrame frame = builder.build();
  return Decoder(config, checksums).peek(frame);
}

PacketBuilder four() {
  return PacketBuilder().ether().ipv4();
}
PacketBuilder six() {
  return PacketBuilder().ether().ipv6();
}

TEST(Peek, OrdinaryFramesTellTheirAddresses) {
  for (const PacketBuilder& frame :
       {four().tcp(1, 2).syn(), four().udp(1, 2).payload("x"), four().icmp(8), four().icmp(0),
        four().bad_ip_checksum().tcp(1, 2), PacketBuilder().ether().vlan(1).vlan(2).vlan(3).ipv4().udp(1, 2),
        four().udp(1, 2).pad(60)}) {
    const auto pair = peek(frame);
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->src, ip("10.0.0.1"));
    EXPECT_EQ(pair->dst, ip("10.0.0.2"));
  }
  for (const PacketBuilder& frame : {six().tcp(1, 2), six().udp(1, 2), six().icmpv6(135)}) {
    const auto pair = peek(frame);
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->src, ip("2001:db8::1"));
    EXPECT_EQ(pair->dst, ip("2001:db8::2"));
  }
}

TEST(Peek, OthersAreDecoded) {
  for (const PacketBuilder& frame : {four().fragment(0, true).udp(1, 2),
                                     four().fragment(8, false).proto(17).payload("x"),
                                     four().ip_options(from_hex("01")).udp(1, 2),
                                     four().gre().ipv4().udp(1, 2),
                                     four().ipv4().udp(1, 2),
                                     four().udp(1, 4789),
                                     four().udp(3544, 1),
                                     four().icmp(3).ipv4().udp(1, 2),
                                     six().icmpv6(1).ipv6().udp(1, 2),
                                     six().hop_by_hop().udp(1, 2),
                                     six().fragment(0, true).udp(1, 2),
                                     four().total_length(19).udp(1, 2),
                                     four().total_length(2000).udp(1, 2),
                                     four().udp(1, 2).snap(30),
                                     six().udp(1, 2).snap(50),
                                     four().udp(1, 2).snap(10),
                                     four().sctp(1, 2),
                                     PacketBuilder().ether().arp(),
                                     PacketBuilder().sll().ipv4().udp(1, 2),
                                     PacketBuilder().ether().vlan(1).vlan(2).vlan(3).vlan(4).ipv4().udp(1, 2)}) {
    EXPECT_FALSE(peek(frame));
  }
}

TEST(Peek, SaysNothingWhereOptionsMatter) {
  DecodeConfig few = default_config();
  few.max_layers = 5;
  EXPECT_FALSE(peek(four().tcp(1, 2), few));
  EXPECT_FALSE(peek(four().tcp(1, 2), default_config(), ChecksumMode::automatic)) << "all look at the sample";
}

}  // namespace
}  // namespace lapwing
