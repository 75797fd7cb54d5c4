#include "tests/decode/decoding.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

PacketBuilder with_get(PacketBuilder b) {
  return b.ipv4().tcp(1000, 80).payload("GET");
}

TEST(Link, EveryLinkTypeLeadsToTheSamePacket) {
  const std::pair<PacketBuilder, uint16_t> kinds[] = {{with_get(PacketBuilder().ether()), 1},
                                                      {with_get(PacketBuilder().null_link()), 0},
                                                      {with_get(PacketBuilder().null_link(true)), 0},
                                                      {with_get(PacketBuilder().loop_link()), 108},
                                                      {with_get(PacketBuilder().ppp()), 9},
                                                      {with_get(PacketBuilder().chdlc()), 104},
                                                      {with_get(PacketBuilder().sll()), 113},
                                                      {with_get(PacketBuilder().sll2()), 276},
                                                      {with_get(PacketBuilder()), 101},
                                                      {with_get(PacketBuilder().link_type(228)), 228},
                                                      {with_get(PacketBuilder().link_type(12)), 12},
                                                      {with_get(PacketBuilder().ether().pppoe()), 1},
                                                      {with_get(PacketBuilder().ether().mpls(99).mpls(100)), 1}};
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
  EXPECT_THAT(ppp("ff0300230000"), ElementsAre("ppp.unsup_proto"));
  for (std::string_view control : {"c021", "c023", "c025", "c029", "c223", "8021", "8057", "80fd", "8207"}) {
    const std::string packet = std::string(control) + "01010004";
    EXPECT_THAT(ppp("ff03" + packet), IsEmpty()) << control;
    Decoded session(PacketBuilder().ether().ether_type(0x8864).raw(from_hex("110000010006" + packet)));
    EXPECT_THAT(session.events(), IsEmpty()) << control;
    EXPECT_FALSE(session->invalid) << control;
  }
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

/// Bytes before an IPv4 packet, and behind it, of each link layer that has no builder.
struct Wrapping {
  uint16_t link_type;
  std::string_view before, behind;
};
constexpr std::string_view kData80211 = "08010000 020000000001 020000000002 020000000003 1000";
constexpr std::string_view kSnap = "aaaa03000000 0800";

BuiltFrame wrap(const Wrapping& wrapping) {
  auto packet = PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(5000, 53).payload("wrapped").build();
  auto bytes = from_hex(wrapping.before);
  bytes.insert(bytes.end(), packet.bytes.begin(), packet.bytes.end());
  const auto behind = from_hex(wrapping.behind);
  bytes.insert(bytes.end(), behind.begin(), behind.end());
  return PacketBuilder().link_type(wrapping.link_type).raw(bytes).build();
}

TEST(Link, WhatCarriesIpInItsOwnWayIsUnwrapped) {
  const std::string data(kData80211), snap(kSnap);
  const std::string ether = "020000000001 020000000002";
  const std::string check(32, '0');
  const std::vector<std::pair<uint16_t, std::string>> all = {
      {1, ether + "8100 0007 002b" + snap},
      {113, "0000 0001 0006 0200000000010000 0004" + snap},
      {1, ether + "002b" + snap},                // SNAP
      {1, ether + "002b" + "aaaa030000f80800"},  // ... of IEEE 802.1H
      {1, ether + "0026" + "060603"},            // LLC
      {105, data + snap},
      {105, "88" + data.substr(2) + "0000" + snap},                   // QoS
      {105, "88810000" + data.substr(8) + "0000 01020304" + snap},    // ... with HT control
      {105, "08030000" + data.substr(8) + "020000000004" + snap},     // between access points
      {105, "88" + data.substr(2) + "8000" + ether + "002b" + snap},  // aggregate
      {127, "00000800 00000000" + data + snap},                       // radiotap
      {127, "00001100 03000000 0000000000000000 20" + std::string("88") + data.substr(2) + "0000 0000" + snap},
      {127, "00001000 020000a0 02000000 00000000" + data + snap},  // two words of presence
      {192, "00000800 69000000" + data + snap},                    // PPI
      {192, "00000800 01000000" + ether + "0800"},
      {239, "02000000 0500 0a00 41000000 2700 0900"},  // NFLOG, little-endian
      {239, "02000000 0005 000a 41000000 0027 0009"},
      {239, "02000000 0800 0100 0800 0000 2700 0900"},  // ... with the type of its frame
      {1, ether + "88e5 00 00 00000001 0800"},          // MACsec
      {1, ether + "88e5 20 00 00000001 0000000000000000 0800"},
      {1, ether + "8926 000000000800"},               // VN-Tag
      {1, ether + "88e7 00000000" + ether + "0800"},  // PBB
  };
  for (const auto& [link_type, before] : all) {
    const bool macsec = before.find("88e5") != before.npos;
    Decoded d(wrap({link_type, before, macsec ? std::string_view(check) : std::string_view()}));
    EXPECT_TRUE(d->is_udp()) << link_type << " " << before;
    EXPECT_EQ(to_text(d->payload), "wrapped") << link_type << " " << before;
    EXPECT_THAT(d.events(), IsEmpty()) << link_type << " " << before;
    EXPECT_FALSE(d->invalid) << link_type << " " << before;
    decode_every_prefix(wrap({link_type, before, check}));
  }
}

TEST(Link, EverySystemHasAFamilyOfItsOwnForIpv6) {
  for (std::string_view family : {"0a000000", "17000000", "18000000", "1a000000", "1c000000", "0000001e", "1e000000"}) {
    auto bytes = from_hex(family);
    const auto packet = PacketBuilder().ipv6().udp(1, 2).payload("x").build();
    bytes.insert(bytes.end(), packet.bytes.begin(), packet.bytes.end());
    Decoded d(PacketBuilder().link_type(0).raw(bytes));
    EXPECT_TRUE(d->is_udp()) << family;
  }
}

TEST(Link, WhatCannotBeReadIsCountedAndNoFault) {
  const std::string data(kData80211), snap(kSnap), ether = "020000000001 020000000002";
  Decoded secret(wrap({105, "0841" + data.substr(4) + snap, ""}));
  EXPECT_EQ(secret.counters().encrypted_link, 1U);
  EXPECT_FALSE(secret->invalid);
  EXPECT_EQ(Decoded(wrap({1, ether + "88e5 0c 00 00000001 0800", ""})).counters().encrypted_link, 1U);
  EXPECT_EQ(Decoded(wrap({105, "0805" + data.substr(4) + snap, ""})).counters().ieee80211_fragments, 1U);
  Decoded beacon(wrap({105, "8000" + data.substr(4), ""}));
  EXPECT_FALSE(beacon->invalid);
  EXPECT_EQ(beacon.counters().unknown_ethertype, 0U);
  const std::string subframe = ether + "0001 00000000";
  EXPECT_EQ(Decoded(wrap({105, "88" + data.substr(2) + "8000" + subframe, ""})).counters().ieee80211_aggregates, 1U);
  // What the checksum takes behind the last one is no other frame.
  const std::string only = "88" + data.substr(2) + "8000" + ether + "002b" + snap;
  EXPECT_EQ(Decoded(wrap({105, only, "00 01020304"})).counters().ieee80211_aggregates, 0U);
  EXPECT_EQ(Decoded(wrap({127, "00000900 02000000 40" + data + snap, ""})).counters().ieee80211_bad_fcs, 1U);
  // Neighbours ask for each other's addresses in the log of netfilter too.
  const std::string arp = "0001 0800 06 04 0001" + std::string(40, '0');
  Decoded asked(PacketBuilder().link_type(239).raw(from_hex("03000000 0800 0100 0806 0000 2000 0900" + arp)));
  EXPECT_EQ(asked.counters().arp, 1U);
  EXPECT_FALSE(asked->invalid);
}

/// Type, or length and LLC, behind the addresses; how many of them may have carried traffic.
TEST(Link, WhatLinksSayOfThemselvesCarriesNoTraffic) {
  const std::string ether = "020000000001 020000000002", zeros(64, '0');
  for (std::string_view silent : {
           "88cc",
           "8809",
           "888e",
           "8808",
           "9000",
           "88f7",
           "8035",         // LLDP, LACP, EAPOL, pause, loopback, PTP, RARP
           "0026 424203",  // STP
           "0026 aaaa03 00000c 2000",
           "0026 aaaa03 00000c 010b",  // CDP, PVST+
           "0026 aaaa03 000000 80f3",  // AARP
           "0026 fefe03 83",           // IS-IS
           "0026 f0f1 01",
           "0026 aaaa af",
           "0026 0000 f3",  // acknowledged, identified, tested
           "0002 aaaa",
       }) {
    for (const std::string& tag : {std::string(), std::string("81000007"), std::string("8100e007 88a80008")}) {
      Decoded d(PacketBuilder().raw(from_hex(ether + tag + std::string(silent) + zeros)));
      EXPECT_EQ(d.counters().unknown_ethertype, 1U) << silent;
      EXPECT_EQ(d.counters().unread_ethertype, 0U) << silent;
      EXPECT_FALSE(d->invalid) << tag << silent;
      // Suricata's rules see each.
      EXPECT_THAT(d.events(), ElementsAre(tag.empty() ? "ethernet.unknown_ethertype" : "vlan.unknown_type")) << silent;
    }
  }
  for (std::string_view lost : {"8137", "8906", "05dd", "0026 e0e003", "0026 ffff00", "0026 f0f000", "0026 fefe03 81",
                                "0026 aaaa03 00000c 1234", "0026 aaaa03 000000 809b"}) {
    Decoded d(PacketBuilder().raw(from_hex(ether + std::string(lost) + zeros)));
    EXPECT_EQ(d.counters().unread_ethertype, 1U) << lost;
    EXPECT_EQ(d.counters().unknown_ethertype, 1U) << lost;
  }
  Decoded tagged(PacketBuilder().raw(from_hex(ether + "81000007 8137" + zeros)));
  EXPECT_TRUE(tagged->invalid);
  EXPECT_EQ(tagged.counters().unread_ethertype, 1U);
  // Nothing of them is told by number.
  Decoder decoder(default_config(), ChecksumMode::all);
  Packet packet;
  decoder.decode(PacketBuilder().ether().ether_type(0x88cc).raw(from_hex(zeros)).build(), packet);
  EXPECT_TRUE(decoder.unknown().empty());
}

/// Numbers that are no EtherType, where no length can be, lead to no IEEE 802.2 header.
TEST(Link, ASmallNumberIsALengthOnEthernetOnly) {
  const std::string snap = std::string(kSnap);
  for (const auto& [link_type, before] : std::vector<std::pair<uint16_t, std::string>>{
           {113, "0000 0001 0006 0200000000010000 002b" + snap},                      // Linux cooked
           {276, "002b 0000 00000001 0001 00 06 0200000000010000" + snap},            // ... second version
           {104, "0f00 002b" + snap},                                                 // Cisco HDLC
           {1, "020000000001 020000000002 002b" + std::string("aaaa03000000 0123")},  // SNAP
       }) {
    Decoded d(wrap({link_type, before, ""}));
    EXPECT_FALSE(d->is_udp()) << link_type;
    EXPECT_EQ(d.counters().unread_ethertype, 1U) << link_type;
  }
}

TEST(Link, UnknownNumbersAreKeptOnceEachAndNoMoreThanThereIsRoomFor) {
  using Kind = UnknownProtocol::Kind;
  Decoder decoder(default_config(), ChecksumMode::all);
  Packet packet;
  auto of_link = PacketBuilder().link_type(189).raw(from_hex("0000")).build();
  decoder.decode(of_link, packet);
  decoder.decode(of_link, packet);
  ASSERT_EQ(decoder.unknown().size(), 1U);
  EXPECT_TRUE(decoder.unknown()[0].is(Kind::link_type, 189));
  EXPECT_EQ(decoder.counters().unknown_link_type, 2U);
  for (uint16_t type = 0; type < 40; ++type) {
    auto frame = PacketBuilder().ether().ether_type(static_cast<uint16_t>(0x9900 + type)).raw(from_hex("0000")).build();
    decoder.decode(frame, packet);
  }
  ASSERT_EQ(decoder.unknown().size(), kMaxUnknownProtocols);
  EXPECT_TRUE(decoder.unknown()[1].is(Kind::ether_type, 0x9900));
  EXPECT_EQ(decoder.counters().unknown_ethertype, 40U);
  EXPECT_EQ(decoder.counters().unknown_protocols_max, 40U - (kMaxUnknownProtocols - 1));
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
