#include "sensor/pipeline/describe.h"

#include <gtest/gtest.h>

#include "sensor/decode/decode.h"
#include "tests/pipeline/connection.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using test::PacketBuilder;

struct Described {
  std::string source;
  Bytes bytes, ip, frame;
  uint16_t link_type = 0;
};

/// The innermost packet of a frame.
Described describe_inner(const test::BuiltFrame& frame, Decoder& decoder, Packet& packet) {
  decoder.decode(frame, packet);
  EnvelopeSpace space;
  const PacketBytes shown = bytes_of(packet);
  return {std::string(describe(packet, space).pkt_src), shown.bytes, packet.ip, packet.frame, shown.link_type};
}

TEST(Describe, OfWhatWasInATunnelTheInnerPacketIsShown) {
  auto carrier = [] { return PacketBuilder().ether().ipv4("192.0.2.1", "192.0.2.2"); };
  auto inside = [](PacketBuilder b) { return b.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x").build(); };
  const std::pair<test::BuiltFrame, std::string_view> all[] = {
      {inside(carrier().gre()), "gre tunnel"},
      {inside(carrier()), "ipv4 tunnel"},
      {inside(carrier().udp(999, 4789).vxlan(1).ether()), "vxlan encapsulation"},
      {inside(carrier().gre().erspan2().ether()), "gre tunnel"},
      {inside(carrier().udp(2152, 2152).gtpu(9)), "gtp tunnel"}};
  Decoder decoder(read_decode_config(Setting{}), ChecksumMode::all);
  Packet packet;
  for (const auto& [frame, source] : all) {
    const Described d = describe_inner(frame, decoder, packet);
    EXPECT_EQ(d.source, source);
    EXPECT_EQ(d.link_type, 12) << source;
    EXPECT_EQ(d.bytes.data(), d.ip.data()) << source;
    EXPECT_EQ(d.bytes.size(), 29U) << source;
  }
  const auto plain = inside(PacketBuilder().ether());
  const Described d = describe_inner(plain, decoder, packet);
  EXPECT_EQ(d.source, "wire/pcap");
  EXPECT_EQ(d.link_type, 1);
  EXPECT_EQ(d.bytes.data(), d.frame.data());
}

TEST(Describe, PortsThatCannotBeReadAre0) {
  Decoder decoder(read_decode_config(Setting{}), ChecksumMode::all);
  Packet packet;
  decoder.decode(PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").proto(6).payload("short").build(), packet);
  EnvelopeSpace space;
  const Envelope short_of_tcp = describe(packet, space);
  EXPECT_TRUE(short_of_tcp.has_ports);
  EXPECT_EQ(short_of_tcp.src_port, 0);
  EXPECT_EQ(short_of_tcp.dest_port, 0);
  decoder.decode(PacketBuilder().ether().ipv6().tcp(1, 2).payload(std::string(100, 'x')).fragments(64)[0], packet);
  EXPECT_FALSE(describe(packet, space).has_ports) << "a fragment of IPv6 is of no transport";
}

class ConnectionRecords : public test::Connection {};

TEST_F(ConnectionRecords, HaveNoFlagsWithoutASession) {
  say(Direction::to_server, "picked up in the middle");
  set_value(root_, "stream.midstream=no");
  const auto flows = records("", "flow");
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0]["tcp"], (nlohmann::json{{"tcp_flags", "00"}, {"tcp_flags_ts", "00"}, {"tcp_flags_tc", "00"}}));
}

TEST_F(ConnectionRecords, OfStreamAnomaliesShowTheFrameWhereAsked) {
  set_value(root_, "outputs.eve-log.types.anomaly.types.stream=yes");
  set_value(root_, "outputs.eve-log.types.anomaly.packethdr=yes");
  frames_->add(packet(Direction::to_server).rst().build());
  const auto found = records("", "anomaly");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["anomaly"]["event"], "stream.rst_but_no_session");
  EXPECT_EQ(found[0]["packet"].get<std::string>().size(), 44U);  // 32 bytes
  EXPECT_EQ(found[0]["packet_info"]["linktype"], 1);
}

}  // namespace
}  // namespace lapwing
