#include "tests/decode/decoding.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Tcp, FieldsAndOptionsAreRead) {
  auto options = from_hex("020405b4 0402 080a0000000100000002 01 030307 050a 00000001 00000002");
  Decoded d(PacketBuilder()
                .ether()
                .ipv4()
                .tcp(1000, 443)
                .seq(7)
                .ack(9)
                .psh()
                .urgent(3)
                .window(512)
                .tcp_options(options)
                .payload("data"));
  EXPECT_TRUE(d->is_tcp());
  EXPECT_EQ(d->src_port, 1000);
  EXPECT_EQ(d->dst_port, 443);
  EXPECT_EQ(d->seq, 7u);
  EXPECT_EQ(d->ack, 9u);
  EXPECT_EQ(d->tcp_flags, tcp_flag::ack | tcp_flag::psh | tcp_flag::urg);
  EXPECT_EQ(d->window, 512);
  EXPECT_EQ(d->urgent, 3);
  EXPECT_TRUE(d->tcp.has_mss && d->tcp.has_wscale && d->tcp.has_timestamp && d->tcp.sack_permitted);
  EXPECT_EQ(d->tcp.mss, 1460);
  EXPECT_EQ(d->tcp.wscale, 7);
  EXPECT_EQ(d->tcp.ts_value, 1u);
  EXPECT_EQ(d->tcp.ts_echo, 2u);
  EXPECT_EQ(d->tcp.sack.size(), 8u);
  EXPECT_EQ(to_text(d->payload), "data");
  EXPECT_THAT(d.events(), IsEmpty());
}

TEST(Tcp, OptionsOfThePacketBeforeAreGone) {
  Decoder decoder(default_config(), ChecksumMode::all);
  Packet packet;
  auto with = PacketBuilder().ether().vlan(3).ipv4().tcp(1, 2).tcp_options(from_hex("020405b4")).build();
  auto without = PacketBuilder().ether().ipv4().tcp(1, 2).build();
  decoder.decode(with, packet);
  EXPECT_TRUE(packet.tcp.has_mss);
  decoder.decode(without, packet);
  EXPECT_FALSE(packet.tcp.has_mss);
  EXPECT_EQ(packet.vlan_count, 0);
}

TEST(Tcp, ASegmentWithBrokenOptionsIsOneOfItsFlow) {
  uint8_t drops = 0;
  auto options = [&](std::string_view hex) {
    Decoded d(PacketBuilder().ether().ipv4().tcp(1, 2).tcp_options(from_hex(hex)).payload("data"));
    EXPECT_FALSE(d->invalid) << hex;
    EXPECT_TRUE(d->wants_flow) << hex;
    EXPECT_EQ(to_text(d->payload), "data") << hex;
    drops = d->host_drops;
    return d.events();
  };
  EXPECT_THAT(options("02030000"), ElementsAre("tcp.opt_invalid_len"));
  EXPECT_THAT(options("020405b4 020405b4"), ElementsAre("tcp.opt_duplicate"));
  EXPECT_THAT(options("220300ff"), ElementsAre("tcp.opt_invalid_len"));
  EXPECT_THAT(options("fd030000"), ElementsAre("tcp.opt_invalid_len"));
  EXPECT_THAT(options("fd05f989 ff000000"), ElementsAre("tcp.opt_invalid_len"));
  EXPECT_EQ(drops, 0);
  for (std::string_view hex : {"02ff05b4", "0200", "1d030000", "13040000"}) {
    EXPECT_THAT(options(hex), ElementsAre("tcp.opt_invalid_len"));
    EXPECT_EQ(drops, host_drop::tcp_option) << hex;
  }
}

TEST(Tcp, OptionsThatNothingHereReadsAreNoFault) {
  auto options = [](std::string_view hex) {
    return events_of(PacketBuilder().ether().ipv4().tcp(1, 2).tcp_options(from_hex(hex)));
  };
  for (std::string_view accurate_ecn : {"ac02", "ae05000001", "ac08000001000002", "ae0b000001000002000003"}) {
    EXPECT_THAT(options(accurate_ecn), IsEmpty());
  }
  EXPECT_THAT(options("fe0dacce 0000010000020000 03"), IsEmpty());  // the same as an experiment
  EXPECT_THAT(options("fd04f989"), IsEmpty());
  EXPECT_THAT(options("fe06f989 0102"), IsEmpty());
}

TEST(Tcp, BrokenHeadersAreEvents) {
  auto offset = [](uint8_t words) {
    auto frame = PacketBuilder().ether().ipv4().tcp(1, 2).build();
    frame.bytes[14 + 20 + 12] = static_cast<uint8_t>(words << 4);
    Decoded d(frame);
    EXPECT_FALSE(d->has_l4);
    EXPECT_TRUE(d->invalid);
    return d.events();
  };
  EXPECT_THAT(offset(6), ElementsAre("tcp.hlen_too_small"));
  EXPECT_THAT(offset(4), ElementsAre("tcp.invalid_optlen"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().proto(6).raw(from_hex("00"))), ElementsAre("tcp.pkt_too_small"));
}

TEST(Udp, TheLengthFieldRules) {
  auto length = [](uint16_t value) {
    return Decoded(PacketBuilder().ether().ipv4().udp(1, 2).udp_length(value).payload("abcd"));
  };
  EXPECT_EQ(to_text(length(12)->payload), "abcd");
  EXPECT_EQ(to_text(length(10)->payload), "ab");
  EXPECT_THAT(length(13).events(), ElementsAre("udp.pkt_too_small"));
  EXPECT_THAT(length(7).events(), ElementsAre("udp.len_invalid"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().proto(17).raw(from_hex("0001"))),
              ElementsAre("udp.hlen_too_small"));
}

TEST(Sctp, ChunksAreWalked) {
  auto base = [](uint32_t tag) { return PacketBuilder().ether().ipv4().sctp(5, 6, tag); };
  auto twelve = std::vector<uint8_t>(12);
  Decoded d(base(1).sctp_chunk(0, 3, twelve));
  EXPECT_TRUE(d->is(ip_proto::sctp));
  EXPECT_TRUE(d->wants_flow);
  EXPECT_EQ(d->dst_port, 6);
  EXPECT_THAT(d.events(), IsEmpty());
  EXPECT_THAT(events_of(base(0).sctp_chunk(1, 0, twelve)), IsEmpty());
  EXPECT_THAT(events_of(base(1).sctp_chunk(1, 0, twelve)), ElementsAre("sctp.init_with_non_zero_vtag"));
  EXPECT_THAT(events_of(base(0).sctp_chunk(0, 0, twelve)), ElementsAre("sctp.data_with_zero_vtag"));
  EXPECT_THAT(events_of(base(0).sctp_chunk(1, 0, twelve).sctp_chunk(3, 0, twelve)),
              ElementsAre("sctp.init_chunk_bundled"));
  EXPECT_THAT(events_of(base(1).payload(from_hex("0000"))), ElementsAre("sctp.chunk_too_small"));
  EXPECT_THAT(events_of(base(1).payload(from_hex("03000003"))), ElementsAre("sctp.chunk_len_invalid"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().proto(132).raw(from_hex("0001"))),
              ElementsAre("sctp.pkt_too_small"));
}

TEST(Icmp, ErrorsQuoteTheTupleThatProvokedThem) {
  auto original = PacketBuilder().ipv4("10.1.1.1", "10.2.2.2").udp(1234, 53).build().bytes;
  for (uint8_t type : std::initializer_list<uint8_t>{3, 4, 5, 11, 12}) {
    Decoded d(PacketBuilder().ether().ipv4().icmp(type).payload(original));
    ASSERT_TRUE(d->has_quoted) << int{type};
    EXPECT_EQ(d->quoted.src, ip("10.1.1.1"));
    EXPECT_EQ(d->quoted.dst, ip("10.2.2.2"));
    EXPECT_EQ(d->quoted.src_port, 1234);
    EXPECT_EQ(d->quoted.dst_port, 53);
    EXPECT_EQ(d->quoted.proto, ip_proto::udp);
  }
  EXPECT_FALSE(Decoded(PacketBuilder().ether().ipv4().icmp(8).payload(original))->has_quoted);
  auto original6 = PacketBuilder().ipv6().tcp(99, 80).build().bytes;
  for (uint8_t type : std::initializer_list<uint8_t>{1, 2, 3, 4}) {
    Decoded d(PacketBuilder().ether().ipv6().icmpv6(type).payload(original6));
    ASSERT_TRUE(d->has_quoted);
    EXPECT_EQ(d->quoted.dst_port, 80);
  }
}

TEST(Icmp, EchoHasIdentifierAndSequence) {
  Decoded d(PacketBuilder().ether().ipv4().icmp(8, 0, 0x1234, 7).payload("ping"));
  EXPECT_TRUE(d->is(ip_proto::icmp));
  EXPECT_EQ(d->icmp_id, 0x1234);
  EXPECT_EQ(d->icmp_seq, 7);
  EXPECT_EQ(to_text(d->payload), "ping");
  EXPECT_EQ(d->src_port, 0);
}

TEST(Icmp, TypesAndCodesAreChecked) {
  auto v4 = [](uint8_t type, uint8_t code) { return events_of(PacketBuilder().ether().ipv4().icmp(type, code)); };
  EXPECT_THAT(v4(3, 15), IsEmpty());
  EXPECT_THAT(v4(3, 16), ElementsAre("icmpv4.unknown_code"));
  EXPECT_THAT(v4(8, 1), ElementsAre("icmpv4.unknown_code"));
  EXPECT_THAT(v4(99, 0), ElementsAre("icmpv4.unknown_type"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().icmp(3).payload("short")), ElementsAre("icmpv4.ipv4_trunc_pkt"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().icmp(3).payload(std::vector<uint8_t>(20, 0x65))),
              ElementsAre("icmpv4.ipv4_unknown_ver"));
  auto v6 = [](uint8_t type, uint8_t code) { return events_of(PacketBuilder().ether().ipv6().icmpv6(type, code)); };
  EXPECT_THAT(v6(128, 0), IsEmpty());
  EXPECT_THAT(v6(128, 1), ElementsAre("icmpv6.unknown_code"));
  EXPECT_THAT(v6(100, 0), ElementsAre("icmpv6.experimentation_type"));
  EXPECT_THAT(v6(50, 0), ElementsAre("icmpv6.unassigned_type"));
  EXPECT_THAT(v6(130, 0), ElementsAre("icmpv6.mld_message_with_invalid_hl"));
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv6().ttl(1).icmpv6(130)), IsEmpty());
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv6().icmpv6(1).payload("short")),
              ElementsAre("icmpv6.ipv6_trunc_pkt"));
}

TEST(Igmp, ReportsMustHoldTheirRecords) {
  Decoded d(PacketBuilder().ether().ipv4().igmp());
  EXPECT_EQ(d->igmp_type, 0x16);
  EXPECT_TRUE(d->is(ip_proto::igmp));
  EXPECT_FALSE(d->wants_flow);
  auto report = [](std::string_view records) {
    return events_of(PacketBuilder().ether().ipv4().proto(2).raw(from_hex("22000000 00000001")).raw(from_hex(records)));
  };
  EXPECT_THAT(report("04000000 e00000fb"), IsEmpty());
  EXPECT_THAT(report("04000001 e00000fb"), ElementsAre("igmp.malformed"));
  EXPECT_THAT(report("0400"), ElementsAre("igmp.malformed"));
}

TEST(Esp, HasAFlowOfItsOwn) {
  Decoded d(PacketBuilder().ether().ipv4().esp(7).payload("x"));
  EXPECT_TRUE(d->is(ip_proto::esp));
  EXPECT_TRUE(d->wants_flow);
  EXPECT_THAT(events_of(PacketBuilder().ether().ipv4().proto(50).raw(from_hex("00"))),
              ElementsAre("esp.pkt_too_small"));
}

TEST(Transport, EveryPrefixIsSafe) {
  auto original = PacketBuilder().ipv4().udp(1, 2).build().bytes;
  auto original6 = PacketBuilder().ipv6().udp(1, 2).build().bytes;
  auto base = [] { return PacketBuilder().ether().ipv4(); };
  decode_every_prefix(
      base().tcp(1, 2).tcp_options(from_hex("020405b4 0402 080a0000000100000002 01 030307")).payload("x").build());
  decode_every_prefix(base().udp(1, 2).payload("x").build());
  decode_every_prefix(base().sctp(1, 2).sctp_chunk(0, 0, original).build());
  decode_every_prefix(base().icmp(3).payload(original).build());
  decode_every_prefix(PacketBuilder().ether().ipv6().icmpv6(1).payload(original6).build());
  decode_every_prefix(base().proto(2).raw(from_hex("22000000 00000001 04000001 e00000fb 01020304")).build());
}

/// The IP length fields shrink with the bytes, so that the layers above see the cut and not just a truncated packet.
TEST(Transport, EveryLengthOfAWellFormedIpPayloadIsSafe) {
  auto cut = [](uint8_t proto, const std::vector<uint8_t>& payload) {
    for (size_t size = 0; size <= payload.size(); ++size) {
      auto part = Bytes(payload).first(size);
      decode_every_prefix(PacketBuilder().ipv4().proto(proto).raw(part).build());
      decode_every_prefix(PacketBuilder().ipv6().proto(proto).raw(part).build());
    }
  };
  std::vector<uint8_t> noise(80);
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<uint8_t>(i * 37);
  for (int proto = 0; proto < 256; ++proto) cut(static_cast<uint8_t>(proto), noise);
}

/// What Linux hands to a card that finishes checksums: only the pseudo header has been added up.
TEST(Transport, ChecksumsLeftToTheCardAreNoFaultInAutomaticMode) {
  struct Case {
    uint8_t proto;
    size_t field;  // within the transport header
  };
  for (auto [proto, field] : {Case{ip_proto::tcp, 16}, Case{ip_proto::udp, 6}}) {
    auto builder = PacketBuilder().ether().ipv4();
    BuiltFrame frame = (proto == ip_proto::tcp ? builder.tcp(1, 2) : builder.udp(1, 2)).payload("data").build();
    std::vector<uint8_t> pseudo(frame.bytes.begin() + 26, frame.bytes.begin() + 34);
    const auto length = static_cast<uint8_t>(frame.bytes.size() - 34);
    pseudo.insert(pseudo.end(), {0, proto, 0, length});
    const auto sum = static_cast<uint16_t>(~internet_checksum(pseudo));
    frame.bytes[34 + field] = static_cast<uint8_t>(sum >> 8);
    frame.bytes[34 + field + 1] = static_cast<uint8_t>(sum);
    Decoded lenient(frame, default_config(), ChecksumMode::automatic), strict(frame);
    EXPECT_FALSE(lenient->bad_checksum_l4);
    EXPECT_EQ(lenient.counters().checksum_offload, 1u);
    EXPECT_TRUE(strict->bad_checksum_l4);
    EXPECT_EQ(strict.counters().checksum_offload, 0u);
    ++frame.bytes[34 + field];
    Decoded wrong(frame, default_config(), ChecksumMode::automatic);
    EXPECT_TRUE(wrong->bad_checksum_l4);
    EXPECT_EQ(wrong.counters().bad_tcp_checksum + wrong.counters().bad_udp_checksum, 1u);
  }
}

}  // namespace
}  // namespace lapwing
