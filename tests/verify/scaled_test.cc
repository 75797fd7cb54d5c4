#include "sensor/verify/scaled.h"

#include <gtest/gtest.h>

#include <set>

#include "sensor/decode/decode.h"
#include "tests/support/packet_builder.h"

namespace lapwing::verify {
namespace {

using test::PacketBuilder;

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

TEST(Moved, HostsStayInTheirNetworkAndApart) {
  std::set<IpAddress> seen;
  for (int i = 0; i < 256; ++i) {
    const IpAddress before = ip("10.1.2." + std::to_string(i)), after = moved(before);
    EXPECT_EQ(after.bytes[2], 2);
    EXPECT_EQ(after == before, i < 2 || i == 255) << i;
    EXPECT_TRUE(seen.insert(after).second) << i;
  }
  for (const char* fixed : {"127.0.0.5", "224.0.0.251", "255.255.255.254", "0.0.0.9", "fe80::5", "ff02::fb", "::5"}) {
    EXPECT_EQ(moved(ip(fixed)), ip(fixed)) << fixed;
  }
  EXPECT_NE(moved(ip("2001:db8::5")), ip("2001:db8::5"));
  EXPECT_NE(moved(ip("fd00::5")), ip("fd00::5"));
}

/// Whether the decoder, which verifies all sums, takes the frame.
bool is_sound(const HeldFrame& frame) {
  DecodeConfig config;
  Decoder decoder(config, ChecksumMode::all);
  Packet packet;
  decoder.decode(frame.frame(), packet);
  return !packet.bad_checksum_ip && !packet.bad_checksum_l4;
}

TEST(Scaling, KeepsChecksumsAsTheyWere) {
  const std::vector<uint8_t> answer = {1,  10, 0, 0, 7, 9,
                                       10, 0,  0, 5, 2};  // an address at an odd place and at an even one
  const std::vector<HeldFrame> frames = {
      PacketBuilder().ether().ipv4("10.0.0.5", "10.0.0.7").tcp(1000, 80).payload(answer).build(),
      PacketBuilder().ether().vlan(7).ipv4("10.0.0.7", "10.0.0.5").udp(53, 1000).payload(answer).build(),
      PacketBuilder().ipv6("2001:db8::5", "2001:db8::7").udp(53, 1000).payload(answer).build(),
      PacketBuilder().ether().ipv4("10.0.0.7", "10.0.0.5").icmp(3, 3).payload(answer).build(),
      PacketBuilder().ether().arp(1, "10.0.0.5", "10.0.0.7").build(),
  };
  Scaling scaling;
  const auto scaled = scaling.scale(frames);
  ASSERT_EQ(scaled.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_TRUE(is_sound(frames[i])) << i;
    EXPECT_TRUE(is_sound(scaled[i])) << i;
    EXPECT_NE(scaled[i].bytes, frames[i].bytes) << i;
  }
  // Of a stream bytes stay; of others the addresses in them follow.
  const auto tail = [](const HeldFrame& frame) {
    return std::vector<uint8_t>(frame.bytes.end() - 11, frame.bytes.end());
  };
  EXPECT_EQ(tail(scaled[0]), answer);
  const uint8_t five = moved(ip("10.0.0.5")).bytes[3], seven = moved(ip("10.0.0.7")).bytes[3];
  const std::vector<uint8_t> other = {1, 10, 0, 0, seven, 9, 10, 0, 0, five, 2};
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(tail(scaled[i]), other) << i;
}

TEST(Scaling, StretchesTimesFromTheFirstFrame) {
  std::vector<HeldFrame> frames(3);
  for (size_t i = 0; i < frames.size(); ++i)
    frames[i].time = Timestamp::from_seconds(100 + 10 * static_cast<int64_t>(i));
  const auto scaled = Scaling().scale(frames);
  EXPECT_EQ(scaled[0].time.seconds(), 100);
  EXPECT_EQ(scaled[1].time.seconds(), 115);
  EXPECT_EQ(scaled[2].time.seconds(), 130);
}

TEST(Scaling, RestoresAddressesOfRecords) {
  Scaling scaling;
  const std::vector<HeldFrame> frames = {PacketBuilder().ether().ipv4("10.0.0.5", "10.0.0.1").udp(1, 2).build(),
                                         PacketBuilder().ether().ipv6("2001:db8::5", "2001:db8::7").udp(1, 2).build()};
  scaling.scale(frames);
  const std::string five = to_string(moved(ip("10.0.0.5"))), six = to_string(moved(ip("2001:db8::5")));
  EXPECT_EQ(scaling.restored(R"({"src_ip":")" + five + R"(","objects":[")" + five +
                             R"(:443"],"time":"10:00:05","six":")" + six + R"("})"),
            R"({"src_ip":"10.0.0.5","objects":["10.0.0.5:443"],"time":"10:00:05","six":")" +
                to_string(ip("2001:db8::5")) + R"("})");
}

/// What is cut anywhere or says anything must not be read beyond its end.
TEST(Scaling, TakesAnyBytes) {
  HeldFrame whole = PacketBuilder().ether().ipv4("10.0.0.5", "10.0.0.7").udp(53, 1000).build();
  for (const uint16_t link : std::initializer_list<uint16_t>{0, 1, 101, 113, 228, 276, 999}) {
    for (size_t size = 0; size <= whole.bytes.size(); ++size) {
      HeldFrame frame = whole;
      frame.link_type = link;
      frame.bytes.resize(size);
      frame.bytes.shrink_to_fit();
      Scaling().scale({&frame, 1});
      if (size > 14) frame.bytes[14] = 0x4f;
      Scaling().scale({&frame, 1});
    }
  }
}

}  // namespace
}  // namespace lapwing::verify
