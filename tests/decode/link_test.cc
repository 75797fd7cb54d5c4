#include "tests/decode/decoding.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

PacketBuilder inside(PacketBuilder b) {
  return b.ipv4().tcp(1000, 80).payload("GET");
}

TEST(Link, EveryLinkTypeLeadsToTheSamePacket) {
  const std::pair<PacketBuilder, uint16_t> kinds[] = {{inside(PacketBuilder().ether()), 1},
                                                      {inside(PacketBuilder().null_link()), 0},
                                                      {inside(PacketBuilder().null_link(true)), 0},
                                                      {inside(PacketBuilder().loop_link()), 108},
                                                      {inside(PacketBuilder().ppp()), 9},
                                                      {inside(PacketBuilder().chdlc()), 104},
                                                      {inside(PacketBuilder().sll()), 113},
                                                      {inside(PacketBuilder().sll2()), 276},
                                                      {inside(PacketBuilder()), 101},
                                                      {inside(PacketBuilder().link_type(228)), 228},
                                                      {inside(PacketBuilder().link_type(12)), 12},
                                                      {inside(PacketBuilder().ether().pppoe()), 1},
                                                      {inside(PacketBuilder().ether().mpls(99).mpls(100)), 1}};
  for (const auto& [builder, link_type] : kinds) {
    Decoded d(builder);
    EXPECT_EQ(d.count, 1u);
    EXPECT_EQ(d->link_type, link_type);
    EXPECT_TRUE(d->is_tcp()) << link_type;
    EXPECT_EQ(to_text(d->payload), "GET") << link_type;
    EXPECT_THAT(d.events(), IsEmpty()) << link_type;
    EXPECT_FALSE(d->bad_checksum_ip || d->bad_checksum_l4) << link_type;
    EXPECT_TRUE(d->wants_flow);
  }
}

TEST(Link, Ipv6GoesThroughEveryLinkType) {
  for (auto builder : {PacketBuilder().ether(), PacketBuilder().null_link(), PacketBuilder().loop_link(),
                       PacketBuilder().ppp(), PacketBuilder().sll(), PacketBuilder().sll2(), PacketBuilder(),
                       PacketBuilder().link_type(229), PacketBuilder().ether().pppoe(), PacketBuilder().chdlc()}) {
    Decoded d(builder.ipv6().udp(1, 2).payload("x"));
    EXPECT_TRUE(d->is_udp());
    EXPECT_EQ(d->ip_version, 6);
    EXPECT_FALSE(d->bad_checksum_l4);
    EXPECT_EQ(d->ether_type, 0x86dd);
  }
}

TEST(Link, EthernetPaddingIsNoPayload) {
  Decoded tcp(PacketBuilder().ether().ipv4().tcp(1, 2).pad(60));
  EXPECT_EQ(tcp->payload.size(), 0u);
  EXPECT_EQ(tcp->frame.size(), 60u);
  Decoded udp(PacketBuilder().ether().ipv6().udp(1, 2).payload("x").pad(80));
  EXPECT_EQ(to_text(udp->payload), "x");
  EXPECT_EQ(udp->ip.size(), 49u);
}

TEST(Link, VlanTagsAreFollowedThreeDeep) {
  auto tagged = [](int tags) {
    PacketBuilder b;
    b.ether();
    for (int i = 1; i <= tags; ++i) b.vlan(static_cast<uint16_t>(i), 7, i == 1 ? 0x88a8 : 0x8100);
    return b.ipv4().udp(1, 2);
  };
  Decoded three(tagged(3));
  EXPECT_EQ(three->vlan_count, 3);
  EXPECT_THAT(three->vlan, ElementsAre(1, 2, 3));
  EXPECT_TRUE(three->is_udp());
  EXPECT_EQ(three.counters().vlan_qinqinq, 1u);
  Decoded four(tagged(4));
  EXPECT_THAT(four.events(), ElementsAre("vlan.too_many_layers"));
  EXPECT_EQ(four->ip_version, 0);
  EXPECT_TRUE(four->invalid);
}

TEST(Link, MplsLabelsThatCannotStandAreEvents) {
  auto label = [](uint32_t value) { return events_of(PacketBuilder().ether().mpls(value).ipv4().udp(1, 2)); };
  EXPECT_THAT(label(0), IsEmpty());
  EXPECT_THAT(label(16), IsEmpty());
  EXPECT_THAT(label(1), ElementsAre("mpls.bad_label_router_alert"));
  EXPECT_THAT(label(3), ElementsAre("mpls.bad_label_implicit_null"));
  EXPECT_THAT(label(7), ElementsAre("mpls.bad_label_reserved"));
  EXPECT_THAT(events_of(PacketBuilder().ether().mpls(16)), ElementsAre("mpls.pkt_too_small"));
  EXPECT_THAT(events_of(PacketBuilder().ether().mpls(16).raw(from_hex("f0000000"))),
              ElementsAre("mpls.unknown_payload_type"));
}

TEST(Link, AnMplsPseudowireCarriesEthernet) {
  Decoded d(PacketBuilder().ether().mpls(16).raw(from_hex("00000000")).ether().ipv4().udp(1, 2));
  EXPECT_TRUE(d->is_udp());
  EXPECT_EQ(d->mpls_count, 1);
}

TEST(Link, ArpIsKeptForItsRecordAndChecked) {
  Decoded d(PacketBuilder().ether().arp(2).pad(60));
  EXPECT_EQ(d->ether_type, 0x0806);
  EXPECT_EQ(d->arp.size(), 28u);
  EXPECT_EQ(d->ip_version, 0);
  EXPECT_FALSE(d->wants_flow || d->invalid);
  auto spoiled = [](size_t at, uint8_t value) {
    auto frame = PacketBuilder().ether().arp().build();
    frame.bytes[14 + at] = value;
    return Decoded(frame).events();
  };
  EXPECT_THAT(spoiled(1, 6), ElementsAre("arp.unsupported_hardware"));
  EXPECT_THAT(spoiled(2, 9), ElementsAre("arp.unsupported_protocol"));
  EXPECT_THAT(spoiled(4, 7), ElementsAre("arp.invalid_hardware_size"));
  EXPECT_THAT(spoiled(5, 7), ElementsAre("arp.invalid_protocol_size"));
  EXPECT_THAT(spoiled(7, 99), ElementsAre("arp.unsupported_opcode"));
  EXPECT_THAT(events_of(PacketBuilder().ether().arp().pad(100)), ElementsAre("arp.invalid_pkt"));
}

TEST(Link, UnknownTypesAreEventsOfTheirLayer) {
  EXPECT_THAT(events_of(PacketBuilder().ether().ether_type(0x1234)), ElementsAre("ethernet.unknown_ethertype"));
  EXPECT_THAT(events_of(PacketBuilder().ether().vlan(1).ether_type(0x1234)), ElementsAre("vlan.unknown_type"));
  EXPECT_THAT(events_of(PacketBuilder().link_type(0).raw(from_hex("63000000"))),
              ElementsAre("ltnull.unsupported_type"));
  EXPECT_THAT(events_of(PacketBuilder().link_type(101).raw(std::vector<uint8_t>(20, 0x50))),
              ElementsAre("ipraw.invalid_ip_version"));
  Decoded unknown(BuiltFrame{.bytes = {1, 2, 3}, .link_type = 999});
  EXPECT_EQ(unknown.counters().unknown_link_type, 1u);
}

TEST(Link, PppProtocolsAreKnownUnsupportedOrWrong) {
  auto ppp = [](std::string_view hex) { return events_of(PacketBuilder().link_type(9).raw(from_hex(hex))); };
  EXPECT_THAT(ppp("ff03c0210000"), ElementsAre("ppp.unsup_proto"));
  EXPECT_THAT(ppp("ff0312340000"), ElementsAre("ppp.wrong_type"));
  EXPECT_THAT(ppp("ff0300214500"), ElementsAre("ppp.ip4_pkt_too_small"));
  EXPECT_THAT(ppp("ff0300576000"), ElementsAre("ppp.ip6_pkt_too_small"));
  EXPECT_THAT(ppp("ff03002f4500"), ElementsAre("ppp.vju_pkt_too_small"));
  EXPECT_THAT(ppp("ff03"), ElementsAre("ppp.pkt_too_small"));
}

TEST(Link, PppFieldsMayBeCompressed) {
  auto packet = PacketBuilder().ipv4().udp(1, 2).build().bytes;
  for (std::string_view prefix : {"ff0321", "21", "0021"}) {
    auto bytes = from_hex(prefix);
    bytes.insert(bytes.end(), packet.begin(), packet.end());
    EXPECT_TRUE(Decoded(BuiltFrame{.bytes = bytes, .link_type = 9})->is_udp()) << prefix;
  }
}

TEST(Link, PppoeDiscoveryTagsMustFit) {
  auto discovery = [](uint8_t code, std::string_view tags) {
    return events_of(PacketBuilder().ether().pppoe_discovery(code, from_hex(tags)));
  };
  EXPECT_THAT(discovery(9, "01010000 0103 0002 abcd"), IsEmpty());
  auto longer = PacketBuilder().ether().pppoe_discovery(9, from_hex("01010000")).build();
  longer.bytes[14 + 5] = 5;
  EXPECT_THAT(Decoded(longer).events(), ElementsAre("pppoe.malformed_tags"));
  EXPECT_THAT(discovery(8, ""), ElementsAre("pppoe.wrong_code"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ether_type(0x8864).raw(from_hex("110000010000"))),
              ElementsAre("pppoe.pkt_too_small"));
}

TEST(Link, SwitchTagsAreFollowed) {
  auto after = [](uint16_t type, std::string_view tag) {
    auto bytes = from_hex(tag);
    auto packet = PacketBuilder().ipv4().udp(1, 2).build().bytes;
    bytes.insert(bytes.end(), packet.begin(), packet.end());
    return Decoded(PacketBuilder().ether().ether_type(type).raw(bytes));
  };
  EXPECT_TRUE(after(0x8926, "00000000 0800")->is_udp());                            // VN-Tag
  EXPECT_TRUE(after(0x893f, "000000000000 0800")->is_udp());                        // E-Tag
  EXPECT_TRUE(after(0x88e7, "00000000 000000000000 000000000000 0800")->is_udp());  // 802.1ah
  EXPECT_TRUE(after(0x8903, "0000 000000000000 000000000000 0800")->is_udp());      // FabricPath
  EXPECT_THAT(after(0x8926, "00000000 1234").events(), ElementsAre("vntag.unknown_type"));
  EXPECT_THAT(after(0x893f, "000000000000 1234").events(), ElementsAre("etag.unknown_type"));
  auto nsh = after(0x894f, "0002 0201 000000ff");
  EXPECT_EQ(nsh.count, 2u);
  EXPECT_TRUE(nsh.inner().is_udp());
  EXPECT_EQ(nsh.inner().tunnels[0].kind, TunnelKind::nsh);
  EXPECT_THAT(after(0x894f, "4002 0201 000000ff").events(), ElementsAre("nsh.unsupported_version"));
  EXPECT_THAT(after(0x894f, "0002 0001 000000ff").events(), ElementsAre("nsh.reserved_type"));
  EXPECT_THAT(after(0x894f, "0001 0201 000000ff").events(), ElementsAre("nsh.bad_header_length"));
  EXPECT_THAT(after(0x894f, "0002 0209 000000ff").events(), ElementsAre("nsh.unknown_payload"));
}

TEST(Link, LayersAreLimited) {
  PacketBuilder b;
  b.ether();
  for (int i = 0; i < 20; ++i) b.mpls(16);
  Decoded d(b.ipv4().udp(1, 2));
  EXPECT_THAT(d.events(), ElementsAre("too_many_layers"));
  EXPECT_EQ(d.counters().too_many_layers, 1u);
}

TEST(Link, EveryPrefixOfEveryLayerIsSafe) {
  decode_every_prefix(PacketBuilder().ether().vlan(1).vlan(2).mpls(16).ipv4().tcp(1, 2).build());
  for (auto b : {PacketBuilder().null_link(), PacketBuilder().loop_link(), PacketBuilder().ppp(), PacketBuilder().sll(),
                 PacketBuilder().sll2(), PacketBuilder().chdlc(), PacketBuilder(), PacketBuilder().ether().pppoe()}) {
    decode_every_prefix(b.ipv6().udp(1, 2).build());
  }
  decode_every_prefix(PacketBuilder().ether().arp().build());
  decode_every_prefix(PacketBuilder().ether().pppoe_discovery(9, from_hex("010100020000")).build());
  for (uint16_t type :
       std::initializer_list<uint16_t>{0x8926, 0x893f, 0x88e7, 0x8903, 0x894f, 0x8847, 0x8848, 0x9100}) {
    decode_every_prefix(PacketBuilder().ether().ether_type(type).raw(std::vector<uint8_t>(64, 2)).build());
  }
}

}  // namespace
}  // namespace lapwing
