#include "tests/decode/decoding.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Ipv4, FieldsAreThoseOfTheHeader) {
  Decoded d(PacketBuilder().ether().ipv4("1.2.3.4", "5.6.7.8").ttl(9).tos(0xb8).id(77).dont_fragment().udp(1, 2));
  EXPECT_EQ(d->ip_version, 4);
  EXPECT_EQ(d->src, ip("1.2.3.4"));
  EXPECT_EQ(d->dst, ip("5.6.7.8"));
  EXPECT_EQ(d->ttl, 9);
  EXPECT_EQ(d->tos, 0xb8);
  EXPECT_EQ(d->ip_id, 77u);
  EXPECT_TRUE(d->dont_fragment);
  EXPECT_FALSE(d->is_fragment || d->bad_checksum_ip);
  EXPECT_EQ(d->ip_header.size(), 20u);
  EXPECT_EQ(d->ip_payload.size(), 8u);
}

TEST(Ipv4, BrokenHeadersAreNoPacket) {
  auto spoiled = [](size_t at, uint8_t value) {
    auto frame = PacketBuilder().ether().ipv4().udp(1, 2).build();
    frame.bytes[14 + at] = value;
    Decoded d(frame);
    EXPECT_EQ(d->ip_version, 0);
    EXPECT_TRUE(d->invalid);
    EXPECT_EQ(d.counters().invalid, 1u);
    return d.events();
  };
  EXPECT_THAT(spoiled(0, 0x55), ElementsAre("ipv4.wrong_ip_version"));
  EXPECT_THAT(spoiled(0, 0x44), ElementsAre("ipv4.hlen_too_small"));
  EXPECT_THAT(spoiled(3, 19), ElementsAre("ipv4.iplen_smaller_than_hlen"));
  EXPECT_THAT(spoiled(2, 1), ElementsAre("ipv4.trunc_pkt"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ether_type(0x800).raw(from_hex("4500"))),
              ElementsAre("ipv4.pkt_too_small"));
}

TEST(Ipv4, OptionsAreValidated) {
  auto options = [](std::string_view hex) {
    return events_of(PacketBuilder().ether().ipv4().ip_options(from_hex(hex)).udp(1, 2));
  };
  EXPECT_THAT(options("94040000 01010101"), IsEmpty());  // router alert
  EXPECT_THAT(options("94040000"), ElementsAre("ipv4.opt_pad_required"));
  EXPECT_THAT(options("070b04 0000000000000000"), ElementsAre("ipv4.opt_pad_required"));  // record route
  EXPECT_THAT(options("0707 05 00000000 00"), ElementsAre("ipv4.opt_malformed"));
  EXPECT_THAT(options("0707 0c 00000000 00"), ElementsAre("ipv4.opt_malformed"));
  EXPECT_THAT(options("44080501 00000000"), IsEmpty());  // timestamps
  EXPECT_THAT(options("44080401 00000000"), ElementsAre("ipv4.opt_malformed"));
  EXPECT_THAT(options("94040000 94040000"), ElementsAre("ipv4.opt_duplicate"));
  EXPECT_THAT(options("94030001 01010101"), ElementsAre("ipv4.opt_invalid_len"));
  EXPECT_THAT(options("0101010101010182"), ElementsAre("ipv4.opt_eol_required"));
  EXPECT_THAT(options("0101010101018209"), ElementsAre("ipv4.opt_invalid_len"));
  EXPECT_THAT(options("aa040000 01010101"), ElementsAre("ipv4.opt_invalid"));
}

TEST(Ipv4, FragmentsAreLeftForTheDefragmenter) {
  auto fragments = PacketBuilder().ether().ipv4().udp(1, 2).payload(std::string(100, 'x')).fragments(40, 99);
  ASSERT_EQ(fragments.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    Decoded d(fragments[i]);
    EXPECT_TRUE(d->is_fragment);
    EXPECT_EQ(d->more_fragments, i < 2);
    EXPECT_EQ(d->fragment_offset, 40 * i);
    EXPECT_EQ(d->ip_id, 99u);
    EXPECT_EQ(d->proto, ip_proto::udp);
    EXPECT_FALSE(d->has_l4 || d->wants_flow);
    EXPECT_EQ(d->ip_payload.size(), i < 2 ? 40u : 28u);
  }
}

TEST(Ipv4, ProtocolsNobodyDecodesAreEvents) {
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().proto(89)), ElementsAre("ipv4.unknown_protocol"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().icmpv6(128)), ElementsAre("ipv4.icmpv6"));
}

TEST(Ipv4, WhatFollowsAnAuthenticationHeaderIsDecoded) {
  Decoded d(PacketBuilder().ether().ipv4().ah().tcp(1, 2));
  EXPECT_TRUE(d->is_tcp());
  EXPECT_EQ(d.counters().ah, 1u);
}

TEST(Checksum, WrongOnesAreMarkedAndCountedButNotBroken) {
  Decoded good(PacketBuilder().ether().ipv4().tcp(1, 2).payload("odd"));
  EXPECT_FALSE(good->bad_checksum_ip || good->bad_checksum_l4);
  Decoded header(PacketBuilder().ether().ipv4().bad_ip_checksum().tcp(1, 2));
  EXPECT_TRUE(header->bad_checksum_ip);
  EXPECT_FALSE(header->invalid || header->bad_checksum_l4);
  EXPECT_EQ(header.counters().bad_ip_checksum, 1u);
  for (bool v6 : {false, true}) {
    auto base = [&] { return v6 ? PacketBuilder().ether().ipv6() : PacketBuilder().ether().ipv4(); };
    EXPECT_TRUE(Decoded(base().tcp(1, 2).bad_l4_checksum())->bad_checksum_l4);
    EXPECT_TRUE(Decoded(base().udp(1, 2).bad_l4_checksum())->bad_checksum_l4);
    EXPECT_FALSE(Decoded(base().udp(1, 2).no_udp_checksum())->bad_checksum_l4);
    EXPECT_FALSE(Decoded(base().udp(1, 2).payload("abc"))->bad_checksum_l4);
  }
  EXPECT_TRUE(Decoded(PacketBuilder().ether().ipv4().icmp(8).bad_l4_checksum())->bad_checksum_l4);
  EXPECT_TRUE(Decoded(PacketBuilder().ether().ipv6().icmpv6(128).bad_l4_checksum())->bad_checksum_l4);
  // Every length: the pseudo header's sum once lost its carry where the length's low byte is high.
  for (size_t size = 0; size < 600; ++size) {
    ASSERT_FALSE(Decoded(PacketBuilder().ether().ipv6().tcp(1, 2).payload(std::string(size, 'x')))->bad_checksum_l4)
        << size;
    ASSERT_FALSE(Decoded(PacketBuilder().ether().ipv4().udp(1, 2).payload(std::string(size, 'x')))->bad_checksum_l4)
        << size;
  }
  EXPECT_FALSE(Decoded(PacketBuilder().ether().ipv6().icmpv6(128).payload("abc"))->bad_checksum_l4);
  Decoded unasked(PacketBuilder().ether().ipv4().tcp(1, 2).bad_l4_checksum().build(), default_config(),
                  ChecksumMode::none);
  EXPECT_FALSE(unasked->bad_checksum_l4);
}

TEST(Ipv4, ALengthLeftToTheCardIsTheFrames) {
  auto large = PacketBuilder().ether().ipv4().tcp(1, 2).payload(std::string(3000, 'x')).build();
  auto small = PacketBuilder().ether().ipv4().tcp(1, 2).payload(std::string(300, 'x')).build();
  for (auto* frame : {&large, &small}) frame->bytes[16] = frame->bytes[17] = 0;
  Decoded offloaded(large, default_config(), ChecksumMode::none);
  EXPECT_EQ(offloaded->payload.size(), 3000u);
  EXPECT_EQ(offloaded.counters().segmentation_offload, 1u);
  EXPECT_TRUE(Decoded(small, default_config(), ChecksumMode::none)->invalid);
}

TEST(Checksum, AutomaticModeEndsWhereTheHostComputedThem) {
  auto run = [](int bad_of_ten) {
    auto good = PacketBuilder().ether().ipv4().tcp(1, 2).build();
    auto bad = PacketBuilder().ether().ipv4().tcp(1, 2).bad_l4_checksum().build();
    Decoder decoder(default_config(), ChecksumMode::automatic);
    Packet packet;
    for (uint64_t i = 0; i < kChecksumSample; ++i) {
      EXPECT_TRUE(decoder.verifies_checksums());
      decoder.decode(static_cast<int>(i % 10) < bad_of_ten ? bad : good, packet);
    }
    return decoder.verifies_checksums();
  };
  EXPECT_TRUE(run(0));
  EXPECT_TRUE(run(1));
  EXPECT_FALSE(run(2));
}

TEST(Checksum, WhatEveryHostDropsMovesNoFlowAndOpensNoTunnel) {
  for (ChecksumMode mode : {ChecksumMode::all, ChecksumMode::automatic, ChecksumMode::none}) {
    const bool dropped = mode != ChecksumMode::none, strict = mode == ChecksumMode::all;
    auto decoded = [&](const PacketBuilder& builder) { return Decoded(builder.build(), default_config(), mode); };
    Decoded bad(decoded(PacketBuilder().ether().ipv4().bad_ip_checksum().udp(1, 2)));
    EXPECT_EQ(bad->dropped, dropped);
    EXPECT_TRUE(bad->is_udp() && !bad->invalid) << "rules on the packet see its ports";
    Decoded tunnel(decoded(PacketBuilder().ether().ipv4().bad_ip_checksum().ipv4().udp(1, 2)));
    EXPECT_EQ(tunnel.count, dropped ? 1u : 2u);
    EXPECT_EQ(decoded(PacketBuilder().ether().ipv4().udp(1, 2).bad_l4_checksum())->dropped, strict);
    EXPECT_EQ(decoded(PacketBuilder().ether().ipv6().udp(1, 2).no_udp_checksum())->dropped, strict);
    EXPECT_FALSE(decoded(PacketBuilder().ether().ipv4().udp(1, 2).no_udp_checksum())->dropped);
    EXPECT_EQ(decoded(PacketBuilder().ether().ipv4().icmp(8).bad_l4_checksum())->dropped, strict);
    EXPECT_FALSE(decoded(PacketBuilder().ether().ipv4().tcp(1, 2).bad_l4_checksum())->dropped)
        << "stream.checksum-validation decides";
    EXPECT_EQ(
        decoded(PacketBuilder().ether().ipv4().udp(1, 4789).bad_l4_checksum().vxlan(1).ether().ipv4().tcp(1, 2)).count,
        2u)
        << "the ends of tunnels may not look";
  }
}

TEST(Checksum, AHeaderSumIsLeftToTheCardOnlyTogetherWithTheTransports) {
  auto run = [](bool transport_too, ChecksumMode mode) {
    auto frame = PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("twelve bytes").build();
    frame.bytes[24] = frame.bytes[25] = 0;
    if (transport_too) {  // addresses, protocol, length (RFC 768)
      const uint32_t sum = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 20;
      frame.bytes[40] = static_cast<uint8_t>(sum >> 8);
      frame.bytes[41] = static_cast<uint8_t>(sum);
    }
    return Decoded(frame, default_config(), mode)->dropped;
  };
  EXPECT_FALSE(run(true, ChecksumMode::automatic));
  EXPECT_TRUE(run(false, ChecksumMode::automatic));
  EXPECT_TRUE(run(true, ChecksumMode::all));
}

TEST(Ipv4, OptionsForWhichSomeHostsDropAreNoted) {
  auto drops = [](std::string_view options) {
    return Decoded(PacketBuilder().ether().ipv4().ip_options(from_hex(options)).udp(1, 2))->host_drops;
  };
  EXPECT_EQ(drops("830708 0a000001 00"), host_drop::source_route);
  EXPECT_EQ(drops("890704 0a000001 00"), host_drop::source_route);
  EXPECT_EQ(drops("070704 00000000 070704 00000000 0000"), host_drop::repeated_option);
  EXPECT_EQ(drops("070704 00000000 00"), 0);
}

TEST(Ipv6, WhatTheStandardDropsIsDropped) {
  auto base = [] { return PacketBuilder().ether().ipv6(); };
  auto dropped = [](const PacketBuilder& builder) { return Decoded(builder)->dropped; };
  EXPECT_FALSE(dropped(base().routing(0, 0).udp(1, 2)));
  EXPECT_TRUE(dropped(base().routing(0, 1).udp(1, 2))) << "RFC 5095";
  EXPECT_TRUE(dropped(base().routing(2, 0).routing(0, 1).udp(1, 2))) << "the second one too";
  EXPECT_TRUE(dropped(base().routing(200, 1).udp(1, 2)));
  EXPECT_FALSE(dropped(base().routing(4, 1).udp(1, 2))) << "segment routing";
  EXPECT_FALSE(dropped(base().hop_by_hop().destination_options().udp(1, 2)));
  EXPECT_TRUE(dropped(base().destination_options().hop_by_hop().udp(1, 2)));
  for (std::string_view option : {"7e0400000000", "be0400000000", "fe0400000000", "c20400000000"}) {
    EXPECT_TRUE(dropped(base().destination_options(from_hex(option)).udp(1, 2))) << option;
  }
  for (std::string_view option : {"3e0400000000", "6d0400000000"}) {
    EXPECT_FALSE(dropped(base().destination_options(from_hex(option)).udp(1, 2))) << option;
  }
  EXPECT_FALSE(dropped(base().hop_by_hop(from_hex("c20400010000")).udp(1, 2)));
  EXPECT_TRUE(dropped(base().destination_options(from_hex("3e0500000000")).udp(1, 2))) << "one byte too long";
  auto third = base().destination_options().destination_options().destination_options(from_hex("7e0400000000"));
  EXPECT_TRUE(dropped(third.udp(1, 2)));
  Decoded tunnel(base().routing(0, 1).ipv6().udp(1, 2));
  EXPECT_EQ(tunnel.count, 1u);
  auto drops = [](const PacketBuilder& builder) { return Decoded(builder)->host_drops; };
  EXPECT_EQ(drops(base().destination_options(from_hex("010400000000")).udp(1, 2)), 0);
  EXPECT_EQ(drops(base().destination_options(from_hex("010c000000000000000000000000")).udp(1, 2)), host_drop::padding);
  EXPECT_EQ(drops(base().destination_options(from_hex("0104000000ff")).udp(1, 2)), host_drop::padding);
  EXPECT_EQ(drops(base().destination_options(from_hex("00000000000000000000000000003e00")).udp(1, 2)),
            host_drop::padding);
}

TEST(Ipv6, FieldsAndExtensionHeadersAreRead) {
  Decoded d(PacketBuilder()
                .ether()
                .ipv6("2001:db8::5", "2001:db8::6")
                .ttl(3)
                .tos(0x2e)
                .hop_by_hop(from_hex("05020000"))
                .routing()
                .destination_options(from_hex("c904aabbccdd"))
                .ah()
                .udp(1, 2)
                .payload("x"));
  EXPECT_TRUE(d->is_udp());
  EXPECT_EQ(d->src, ip("2001:db8::5"));
  EXPECT_EQ(d->ttl, 3);
  EXPECT_EQ(d->tos, 0x2e);
  EXPECT_EQ(d->proto, ip_proto::udp);
  EXPECT_EQ(d->ip_header.size(), 40u);
  EXPECT_EQ(d->ip_payload.size(), 9u);
  EXPECT_THAT(d.events(), ElementsAre("ipv6.exthdr_invalid_optlen"));  // a home address of four bytes
}

TEST(Ipv6, ExtensionHeadersAreChecked) {
  auto base = [] { return PacketBuilder().ether().ipv6(); };
  auto alert = from_hex("05020000");
  EXPECT_THAT(events_of(base().hop_by_hop(alert).udp(1, 2)), IsEmpty());
  EXPECT_THAT(events_of(base().hop_by_hop().udp(1, 2)), ElementsAre("ipv6.hopopts_only_padding"));
  EXPECT_THAT(events_of(base().destination_options().udp(1, 2)), ElementsAre("ipv6.dstopts_only_padding"));
  EXPECT_THAT(events_of(base().hop_by_hop(from_hex("3e0400000000")).udp(1, 2)),
              ElementsAre("ipv6.hopopts_unknown_opt"));
  EXPECT_THAT(events_of(base().destination_options(from_hex("3e0400000000")).udp(1, 2)),
              ElementsAre("ipv6.dstopts_unknown_opt"));
  EXPECT_THAT(events_of(base().hop_by_hop(from_hex("050200000100")).udp(1, 2)), ElementsAre("ipv6.zero_len_padn"));
  EXPECT_THAT(events_of(base().hop_by_hop(from_hex("05ff00000000")).udp(1, 2)),
              ElementsAre("ipv6.exthdr_invalid_optlen"));
  EXPECT_THAT(events_of(base().hop_by_hop(alert).hop_by_hop(alert).udp(1, 2)), ElementsAre("ipv6.exthdr_dupl_hh"));
  EXPECT_THAT(events_of(base().routing().routing().udp(1, 2)), ElementsAre("ipv6.exthdr_dupl_rh"));
  EXPECT_THAT(events_of(base().routing(0).udp(1, 2)), ElementsAre("ipv6.rh_type_0"));
  EXPECT_THAT(events_of(base().ah().ah().udp(1, 2)), ElementsAre("ipv6.exthdr_dupl_ah"));
  auto options = from_hex("c910000000000000000000000000000000000000");
  EXPECT_THAT(events_of(base().destination_options(options).destination_options(options).udp(1, 2)), IsEmpty());
  EXPECT_THAT(
      events_of(
          base().destination_options(options).destination_options(options).destination_options(options).udp(1, 2)),
      ElementsAre("ipv6.exthdr_dupl_dh"));
  EXPECT_THAT(events_of(base().proto(60).raw(from_hex("11ff0000000000000000"))), ElementsAre("ipv6.trunc_exthdr"));
  EXPECT_THAT(events_of(base().proto(60).raw(from_hex("1100"))), ElementsAre("ipv6.trunc_exthdr"));
  EXPECT_THAT(events_of(base().raw(from_hex("00"))), ElementsAre("ipv6.data_after_none_header"));
  EXPECT_THAT(events_of(base().proto(200).raw(from_hex("00"))), ElementsAre("ipv6.unknown_next_header"));
  EXPECT_THAT(events_of(base().icmp(8)), ElementsAre("ipv6.icmpv4"));
}

TEST(Ipv6, AFragmentHeaderMakesAFragmentUnlessItIsUseless) {
  auto fragments = PacketBuilder().ether().ipv6().tcp(1, 2).payload(std::string(100, 'x')).fragments(64, 0xabcdef01);
  Decoded first(fragments[0]), last(fragments[1]);
  EXPECT_TRUE(first->is_fragment && first->more_fragments && last->is_fragment);
  EXPECT_EQ(first->ip_id, 0xabcdef01);
  EXPECT_EQ(last->fragment_offset, 64);
  EXPECT_EQ(first->proto, 44) << "what it carries the whole packet tells";
  EXPECT_EQ(first->ip_payload.size(), 64u);
  Decoded useless(PacketBuilder().ether().ipv6().fragment(0, false).tcp(1, 2));
  EXPECT_TRUE(useless->is_tcp());
  EXPECT_THAT(useless.events(), ElementsAre("ipv6.exthdr_useless_fh"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv6().fragment(0, true).proto(17).raw(from_hex("0001"))),
              ElementsAre("ipv6.frag_invalid_length"));
}

TEST(Ipv6, AFragmentHeaderBehindThatOfAWholePacketIsOne) {
  Decoded d(PacketBuilder()
                .ether()
                .ipv6()
                .fragment(0, false)
                .fragment(8, true, 7)
                .proto(17)
                .raw(from_hex("0001000200080000")));
  EXPECT_TRUE(d->is_fragment && !d->dropped);
  EXPECT_EQ(d->ip_id, 7u);
  EXPECT_EQ(d->host_drops, host_drop::fragment_header);
  EXPECT_THAT(d.events(), ElementsAre("ipv6.exthdr_useless_fh", "ipv6.exthdr_dupl_fh"));
}

TEST(Reassembled, AFragmentOfFragmentsIsDropped) {
  auto parts = PacketBuilder().ether().ipv6().udp(1, 2).payload(std::string(100, 'x')).fragments(64);
  Decoder decoder(default_config(), ChecksumMode::all);
  Packet last, packet;
  decoder.decode(parts[0], last);
  ASSERT_TRUE(last.is_fragment && !last.dropped);
  const auto copy = last;
  decoder.decode_reassembled(copy.ip, last, packet);
  EXPECT_TRUE(packet.dropped);
}

TEST(Ipv6, BrokenHeadersAreNoPacket) {
  auto frame = PacketBuilder().ether().ipv6().udp(1, 2).build();
  auto cut = frame;
  cut.bytes.pop_back();
  EXPECT_THAT(Decoded(cut).events(), ElementsAre("ipv6.trunc_pkt"));
  frame.bytes[14] = 0x40;
  EXPECT_THAT(Decoded(frame).events(), ElementsAre("ipv6.wrong_ip_version"));
}

TEST(Reassembled, ADatagramKeepsTheFramesContext) {
  auto fragments = PacketBuilder().ether().vlan(5).ipv4().udp(1, 53).payload(std::string(100, 'x')).fragments(80);
  auto whole = PacketBuilder().ipv4().udp(1, 53).payload(std::string(100, 'x')).build();
  Decoder decoder(default_config(), ChecksumMode::all);
  Packet last, packet;
  decoder.decode(fragments[1], last);
  decoder.decode_reassembled(whole.bytes, last, packet);
  EXPECT_TRUE(packet.is_udp() && packet.defragmented && packet.wants_flow);
  EXPECT_EQ(packet.payload.size(), 100u);
  EXPECT_EQ(packet.vlan[0], 5);
  EXPECT_EQ(packet.ether, last.ether);
  EXPECT_EQ(packet.number, 2u);
  EXPECT_FALSE(packet.bad_checksum_l4);
}

TEST(Ip, EveryPrefixIsSafe) {
  auto base = [] { return PacketBuilder().ether().ipv6(); };
  decode_every_prefix(base()
                          .hop_by_hop(from_hex("05020000"))
                          .routing()
                          .destination_options()
                          .ah()
                          .fragment(0, false)
                          .tcp(1, 2)
                          .build());
  decode_every_prefix(base().esp().payload("1234").build());
  decode_every_prefix(PacketBuilder().ether().ipv4().ah().esp().build());
  for (std::string_view hex :
       {"86180000000101040000020400000504000007040000", "448f0501", "8309040000000000", "070b08"}) {
    decode_every_prefix(PacketBuilder().ether().ipv4().ip_options(from_hex(hex)).udp(1, 2).build());
  }
}

}  // namespace
}  // namespace lapwing
