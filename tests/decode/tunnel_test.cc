#include "tests/decode/decoding.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

PacketBuilder carrier() {
  return PacketBuilder().ether().vlan(7).ipv4("10.0.0.1", "10.0.0.2");
}
PacketBuilder inside(PacketBuilder b) {
  return b.ipv4("1.1.1.1", "2.2.2.2").udp(1001, 53).payload("abc");
}
PacketBuilder inside6(PacketBuilder b) {
  return b.ipv6().udp(1001, 53).payload("abc");
}

TEST(Tunnel, WccpAndErspanOfIpFrames) {
  const auto packet = PacketBuilder().ipv4("10.7.0.1", "10.7.0.2").udp(1001, 53).payload("abc").build();
  auto carried = [&](std::string_view before) {
    auto bytes = from_hex(before);
    bytes.insert(bytes.end(), packet.bytes.begin(), packet.bytes.end());
    return PacketBuilder().ether().ipv4().proto(47).raw(bytes);
  };
  const std::pair<std::string_view, TunnelKind> all[] = {
      {"0000883e", TunnelKind::wccp},           // first version
      {"0000883e 40000102", TunnelKind::wccp},  // second, with the flag that looks like IPv4
      {"0000883e 80000102", TunnelKind::wccp},
      {"100022eb 00000001 20000000 00000000 00000800", TunnelKind::erspan3}};  // frame type IP
  for (const auto& [before, kind] : all) {
    Decoded d(carried(before));
    ASSERT_EQ(d.count, 2U) << before;
    EXPECT_EQ(to_text(d.inner().payload), "abc") << before;
    EXPECT_EQ(d.inner().tunnels[0].kind, kind);
    decode_every_prefix(carried(before).build());
  }
}

TEST(Tunnel, WhatGreCarriesUndecodedIsCounted) {
  auto unread = [](std::string_view hex) {
    return Decoded(PacketBuilder().ether().ipv4().proto(47).raw(from_hex(hex))).counters().unread_ethertype;
  };
  EXPECT_EQ(unread("00008137 00010203"), 1U);
  EXPECT_EQ(unread("00000000"), 0U);           // keep-alive
  EXPECT_EQ(unread("00002001 00010203"), 0U);  // NHRP
}

TEST(Tunnel, EachKindGivesTheCarrierAndThePacketInside) {
  struct Case {
    PacketBuilder builder;
    TunnelKind kind;
    uint8_t proto;
    bool carrier_has_flow;
  };
  const Case cases[] = {
      {inside(carrier().gre()), TunnelKind::gre, 47, false},
      {inside6(carrier().gre()), TunnelKind::gre, 47, false},
      {inside(carrier().gre().gre_checksum().gre_key(1).gre_seq(2)), TunnelKind::gre, 47, false},
      {inside(carrier().gre().ether()), TunnelKind::gre, 47, false},
      {inside(carrier().gre().vlan(3)), TunnelKind::gre, 47, false},
      {inside(carrier().gre().mpls(20)), TunnelKind::gre, 47, false},
      {inside(carrier().pptp(5)), TunnelKind::gre, 47, false},
      {inside(carrier().gre().erspan2().ether()), TunnelKind::erspan2, 47, false},
      {inside(carrier().gre().erspan3().ether()), TunnelKind::erspan3, 47, false},
      {inside(carrier().udp(999, 4789).vxlan(9).ether()), TunnelKind::vxlan, 17, true},
      {inside(carrier().udp(4789, 999).vxlan(9).ether().vlan(3)), TunnelKind::vxlan, 17, true},
      {inside(carrier().udp(999, 6081).geneve(9).ether()), TunnelKind::geneve, 17, true},
      {inside6(carrier().udp(999, 6081).geneve(9, from_hex("0001 0001 00000000"))), TunnelKind::geneve, 17, true},
      {inside6(carrier().udp(999, 3544)), TunnelKind::teredo, 17, true},
      {inside(carrier().udp(2152, 2152).gtpu(9)), TunnelKind::gtpu, 17, true},
      {inside6(carrier()), TunnelKind::six_in_four, 41, true},
      {inside(carrier()), TunnelKind::four_in_four, 4, false},
  };
  for (const Case& c : cases) {
    Decoded d(c.builder);
    int kind = static_cast<int>(c.kind);
    ASSERT_EQ(d.count, 2u) << kind;
    EXPECT_THAT(d.events(0), IsEmpty()) << kind;
    EXPECT_THAT(d.events(1), IsEmpty()) << kind;
    EXPECT_EQ(d[0].wants_flow, c.carrier_has_flow) << kind;
    EXPECT_EQ(d[0].vlan_count, 1);
    EXPECT_EQ(d[0].tunnel_count, 0);
    const Packet& p = d[1];
    EXPECT_TRUE(p.is_udp() && p.wants_flow) << kind;
    EXPECT_FALSE(p.bad_checksum_l4) << kind;
    EXPECT_EQ(p.src_port, 1001);
    EXPECT_EQ(to_text(p.payload), "abc");
    EXPECT_EQ(p.number, d[0].number);
    EXPECT_LT(p.wire_length, d[0].wire_length);
    EXPECT_GE(p.wire_length, p.ip.size());
    ASSERT_EQ(p.tunnel_count, 1);
    EXPECT_EQ(p.tunnels[0].kind, c.kind);
    EXPECT_EQ(p.tunnels[0].proto, c.proto);
    EXPECT_EQ(p.tunnels[0].src, ip("10.0.0.1"));
    EXPECT_EQ(p.tunnels[0].dst, ip("10.0.0.2"));
    EXPECT_EQ(p.tunnels[0].src_port, d[0].src_port);
  }
}

TEST(Tunnel, VlansOfTheCarrierAreNotThoseOfThePacketInside) {
  EXPECT_EQ(Decoded(inside(carrier().gre())).inner().vlan_count, 0);
  EXPECT_THAT(Decoded(inside(carrier().udp(1, 4789).vxlan(1).ether().vlan(8))).inner().vlan, ElementsAre(8, 0, 0));
  Decoded mirrored(inside(carrier().gre().erspan2(1, 6).ether().vlan(3)));
  EXPECT_EQ(mirrored.inner().vlan_count, 2);
  EXPECT_THAT(mirrored.inner().vlan, ElementsAre(6, 3, 0));
}

TEST(Tunnel, FourAndSixInSix) {
  Decoded four(inside(PacketBuilder().ether().ipv6()));
  EXPECT_EQ(four.inner().tunnels[0].kind, TunnelKind::four_in_six);
  EXPECT_EQ(four.counters().ipv4_in_ipv6, 1u);
  Decoded six(inside6(PacketBuilder().ether().ipv6()));
  EXPECT_EQ(six.inner().tunnels[0].kind, TunnelKind::six_in_six);
  auto base = [](uint8_t proto) { return PacketBuilder().ether().ipv6().proto(proto); };
  EXPECT_THAT(events_of(base(4).raw(from_hex("45"))), ElementsAre("ipv6.ipv4_in_ipv6_too_small"));
  EXPECT_THAT(events_of(base(4).raw(std::vector<uint8_t>(20))), ElementsAre("ipv6.ipv4_in_ipv6_wrong_version"));
  EXPECT_THAT(events_of(base(41).raw(from_hex("60"))), ElementsAre("ipv6.ipv6_in_ipv6_too_small"));
  EXPECT_THAT(events_of(base(41).raw(std::vector<uint8_t>(40))), ElementsAre("ipv6.ipv6_in_ipv6_wrong_version"));
}

TEST(Tunnel, TheOnePacketCallGivesTheInnermost) {
  auto frame = inside(carrier().gre().ipv4("3.3.3.3", "4.4.4.4")).build();
  Decoder decoder(default_config(), ChecksumMode::all);
  Packet packet;
  decoder.decode(frame, packet);
  EXPECT_EQ(packet.src, ip("1.1.1.1"));
  EXPECT_EQ(packet.tunnel_count, 2);
  EXPECT_EQ(packet.tunnels[0].kind, TunnelKind::gre);
  EXPECT_EQ(packet.tunnels[1].src, ip("3.3.3.3"));
  EXPECT_EQ(packet.tunnels[1].kind, TunnelKind::four_in_four);
}

TEST(Tunnel, NestingIsLimited) {
  PacketBuilder b = PacketBuilder().ether();
  for (int i = 0; i < 12; ++i) b.ipv4();
  DecodeConfig config = default_config();
  config.max_layers = 100;
  Decoded d(b.udp(1, 2).build(), config);
  EXPECT_EQ(d.count, kMaxPackets);
  EXPECT_THAT(d.events(kMaxPackets - 1), ElementsAre("too_many_layers"));
  EXPECT_EQ(d.counters().max_tunnel, 1u);
}

TEST(Tunnel, WhatIsNoTunnelStaysADatagram) {
  auto alone = [](const PacketBuilder& b) {
    Decoded d(b);
    EXPECT_EQ(d.count, 1u);
    EXPECT_TRUE(d->is_udp() && d->wants_flow);
    EXPECT_FALSE(d->invalid);
    return d.events();
  };
  for (uint16_t port : std::initializer_list<uint16_t>{4789, 6081, 3544, 2152}) {
    EXPECT_THAT(alone(carrier().udp(999, port).payload(std::string(100, 'x'))), IsEmpty());
    if (port == 6081) continue;  // zeros are a Geneve header of an unknown payload
    EXPECT_THAT(alone(carrier().udp(999, port).payload(std::vector<uint8_t>(100))), IsEmpty());
    EXPECT_THAT(alone(carrier().udp(999, port)), IsEmpty());
  }
  EXPECT_THAT(alone(inside(carrier().udp(999, 4788).vxlan(9).ether())), IsEmpty());
  EXPECT_THAT(alone(carrier().udp(999, 3544).ipv6().total_length(1).payload("more than the length says")), IsEmpty());
  EXPECT_THAT(alone(inside(carrier().udp(1, 2152).gtpu(9, 1))), IsEmpty());  // an echo request
  EXPECT_THAT(alone(carrier().udp(1, 2152).gtpu(9).payload(std::string(40, 'E'))), IsEmpty());
}

TEST(Tunnel, AnInnerPacketTooBrokenToBeOneIsDropped) {
  Decoded d(carrier().gre().ether_type(0x0800).raw(from_hex("4500")));
  EXPECT_EQ(d.count, 1u);
  EXPECT_THAT(d.events(), IsEmpty());
  Decoded udp(carrier().gre().ipv4().proto(17).raw(from_hex("00")));
  EXPECT_EQ(udp.count, 2u);
  EXPECT_THAT(udp.events(1), ElementsAre("udp.hlen_too_small"));
}

TEST(Tunnel, TeredoSkipsAnOriginIndication) {
  Decoded d(inside6(carrier().udp(999, 3544).raw(from_hex("0000 aaaa bbbbbbbb"))));
  EXPECT_EQ(d.count, 2u);
  EXPECT_EQ(d.counters().teredo, 1u);
  EXPECT_EQ(Decoded(inside6(carrier().udp(999, 3544).raw(from_hex("0001 0000 00000000 00000000")))).count, 1u);
}

TEST(Tunnel, GtpuSkipsItsOptionalFieldsAndExtensions) {
  auto gtp = [](std::string_view header) {
    auto packet = PacketBuilder().ipv4().udp(1, 2).build().bytes;
    auto bytes = from_hex(header);
    bytes.insert(bytes.end(), packet.begin(), packet.end());
    bytes[3] = static_cast<uint8_t>(bytes.size() - 8);
    return Decoded(carrier().udp(2152, 2152).payload(bytes)).count;
  };
  EXPECT_EQ(gtp("30ff0000 00000001"), 2u);
  EXPECT_EQ(gtp("32ff0000 00000001 0001 00 00"), 2u);
  EXPECT_EQ(gtp("34ff0000 00000001 0001 00 85 01 1009 00"), 2u);
  EXPECT_EQ(gtp("34ff0000 00000001 0001 00 85 00 1009 00"), 1u);
  EXPECT_EQ(gtp("34ff0000 00000001 0001 00 85 ff 1009 00"), 1u);
}

TEST(Tunnel, PayloadTypesNobodyDecodesAreEvents) {
  EXPECT_THAT(events_of(carrier().udp(1, 4789).vxlan(1).ether().ether_type(0x1234)),
              ElementsAre("vxlan.unknown_payload_type"));
  EXPECT_THAT(events_of(carrier().udp(1, 6081).geneve(1).ether_type(0x1234)),
              ElementsAre("geneve.unknown_payload_type"));
  Decoded arp(carrier().udp(1, 4789).vxlan(1).ether().arp());
  EXPECT_EQ(arp.count, 1u);
  EXPECT_EQ(arp.counters().vxlan, 1u);
}

TEST(Gre, HeadersAreChecked) {
  auto gre = [](std::string_view hex) { return events_of(carrier().proto(47).raw(from_hex(hex))); };
  EXPECT_THAT(gre("0000"), ElementsAre("gre.pkt_too_small"));
  EXPECT_THAT(gre("00020800"), ElementsAre("gre.wrong_version"));
  EXPECT_THAT(gre("01000800"), ElementsAre("gre.version0_recur"));
  EXPECT_THAT(gre("00080800"), ElementsAre("gre.version0_flags"));
  EXPECT_THAT(gre("b0000800"), ElementsAre("gre.version0_hdr_too_big"));
  EXPECT_THAT(gre("40000800 00000000 0001"), ElementsAre("gre.version0_malformed_sre_hdr"));
  EXPECT_THAT(gre("40000800 00000000 000100ff"), ElementsAre("gre.version0_malformed_sre_hdr"));
  EXPECT_THAT(gre("a001880b"), ElementsAre("gre.version1_chksum"));
  EXPECT_THAT(gre("6001880b"), ElementsAre("gre.version1_route"));
  EXPECT_THAT(gre("2801880b"), ElementsAre("gre.version1_ssr"));
  EXPECT_THAT(gre("2101880b"), ElementsAre("gre.version1_recur"));
  EXPECT_THAT(gre("2009880b"), ElementsAre("gre.version1_flags"));
  EXPECT_THAT(gre("20010800"), ElementsAre("gre.version1_wrong_protocol"));
  EXPECT_THAT(gre("0001880b"), ElementsAre("gre.version1_no_key"));
  EXPECT_THAT(gre("2001880b"), ElementsAre("gre.version1_hdr_too_big"));
}

TEST(Gre, SourceRoutesArePassedOver) {
  auto bytes = from_hex("40000800 00000000 00010004 01020304 00000000");
  auto packet = PacketBuilder().ipv4().udp(1, 2).build().bytes;
  bytes.insert(bytes.end(), packet.begin(), packet.end());
  EXPECT_EQ(Decoded(carrier().proto(47).raw(bytes)).count, 2u);
}

TEST(Erspan, TypeOneIsOpenedUnlessSwitchedOff) {
  auto frame = inside(carrier().gre().erspan1().ether()).build();
  DecodeConfig config = default_config();
  config.erspan_type1 = false;
  EXPECT_EQ(Decoded(frame, config).count, 1u);
  Decoded d(frame);
  EXPECT_EQ(d.count, 2u);
  EXPECT_EQ(d.inner().tunnels[0].kind, TunnelKind::erspan1);
}

TEST(Tunnel, EveryPrefixIsSafe) {
  for (auto b :
       {carrier().gre().gre_checksum().gre_key(1).gre_seq(2), carrier().gre().ether().vlan(2), carrier().pptp(1),
        carrier().gre().erspan2().ether(), carrier().gre().erspan3().ether(), carrier().udp(1, 4789).vxlan(1).ether(),
        carrier().udp(1, 6081).geneve(1, from_hex("00010001 00000000")).ether(), carrier().udp(1, 2152).gtpu(1),
        carrier(), PacketBuilder().ether().ipv6()}) {
    decode_every_prefix(inside(b).build());
  }
  decode_every_prefix(inside6(carrier().udp(1, 3544)).build());
}

}  // namespace
}  // namespace lapwing
