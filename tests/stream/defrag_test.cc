#include "sensor/stream/defrag.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "sensor/decode/decode.h"
#include "tests/stream/conversation.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using test::BuiltFrame;
using test::PacketBuilder;
using test::stream_config;

class DefragTest : public testing::Test {
 protected:
  /// The reassembled IP packet as decoded, or null.
  const Packet* add(const BuiltFrame& frame, double seconds = 0) {
    frames.push_back(std::make_unique<BuiltFrame>(frame));
    Frame view = *frames.back();
    view.time = {1'700'000'000'000'000'000 + static_cast<int64_t>(seconds * 1e9)};
    decoder.decode(view, fragment);
    events.clear();
    Bytes bytes = defrag->add(fragment);
    for (size_t i = 0; i < fragment.event_count; ++i) events.emplace_back(name(fragment.events[i]));
    if (bytes.empty()) return nullptr;
    decoder.decode_reassembled(bytes, fragment, whole);
    return &whole;
  }
  bool has(std::string_view event) const { return std::ranges::find(events, event) != events.end(); }
  void restart(const StreamConfig& config) { defrag = std::make_unique<Defragmenter>(config); }

  Decoder decoder{read_options<DecodeConfig>(Setting{}, decode_options()), ChecksumMode::all};
  std::unique_ptr<Defragmenter> defrag = std::make_unique<Defragmenter>(stream_config());
  std::vector<std::unique_ptr<BuiltFrame>> frames;
  Packet fragment, whole;
  std::vector<std::string> events;
};

std::string numbers(size_t size) {
  std::string text(size, 0);
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

TEST_F(DefragTest, RecordsShowTheWholePacketBehindItsLinkHeaders) {
  const std::string data = numbers(2000);
  const Packet* packet = nullptr;
  for (const auto& part : PacketBuilder().ether().vlan(6).ipv4().udp(1, 2).payload(data).fragments(504)) {
    packet = add(part);
  }
  ASSERT_TRUE(packet);
  const Bytes frame = defrag->frame();
  ASSERT_EQ(frame.size(), 14 + 4 + 20 + 8 + data.size());
  EXPECT_EQ(to_text(frame.first(18)), to_text(fragment.frame.first(18)));
  EXPECT_EQ(to_text(frame.subspan(18)), to_text(packet->ip));
}

TEST_F(DefragTest, Ipv4InAnyOrderGivesBackThePacketWithValidChecksums) {
  std::string data = numbers(3000);
  auto parts = PacketBuilder().ether().ipv4().udp(1, 2).payload(data).fragments(504);
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    std::shuffle(parts.begin(), parts.end(), random);
    for (size_t i = 0; i + 1 < parts.size(); ++i) ASSERT_FALSE(add(parts[i]));
    const Packet* packet = add(parts.back());
    ASSERT_TRUE(packet);
    EXPECT_EQ(to_text(packet->payload), data);
    EXPECT_FALSE(packet->bad_checksum_ip || packet->bad_checksum_l4);
    EXPECT_EQ(packet->src_port, 1);
  }
  EXPECT_EQ(defrag->counters().ipv4_reassembled, 30U);
  EXPECT_EQ(defrag->counters().memuse, 0U) << "nothing is left behind";
}

TEST_F(DefragTest, Ipv6WithExtensionHeadersBeforeTheFragmentHeader) {
  std::string data = numbers(2500);
  auto parts = PacketBuilder().ether().ipv6().hop_by_hop().udp(1, 2).payload(data).fragments(1000);
  const Packet* packet = nullptr;
  std::reverse(parts.begin(), parts.end());
  for (const auto& part : parts) packet = add(part);
  ASSERT_TRUE(packet);
  EXPECT_EQ(to_text(packet->payload), data);
  EXPECT_FALSE(packet->bad_checksum_l4);
  EXPECT_EQ(defrag->counters().ipv6_reassembled, 1U);
}

TEST_F(DefragTest, FragmentsOfDifferentPacketsAreKeptApart) {
  auto one = PacketBuilder().ether().ipv4().udp(1, 2).payload(numbers(100)).fragments(64, 1);
  auto two = PacketBuilder().ether().ipv4().udp(3, 4).payload(numbers(100)).fragments(64, 2);
  auto vlan = PacketBuilder().ether().vlan(5).ipv4().udp(5, 6).payload(numbers(100)).fragments(64, 1);
  EXPECT_FALSE(add(one[0]));
  EXPECT_FALSE(add(two[1]));
  EXPECT_FALSE(add(vlan[1]));
  EXPECT_EQ(add(one[1])->src_port, 1);
  EXPECT_EQ(add(two[0])->src_port, 3);
  EXPECT_EQ(add(vlan[0])->src_port, 5);
}

TEST_F(DefragTest, OverlapsAreReportedAndResolvedByTheHostsPolicy) {
  auto run = [&](const char* policy) {
    auto config = stream_config();
    config.os_windows = {};
    (std::string_view(policy) == "linux" ? config.os_linux : config.os_bsd) = {"0.0.0.0/0"};
    restart(config);
    auto part = [](uint16_t offset, bool more, std::string_view text) {
      return PacketBuilder().ether().ipv4().proto(ip_proto::udp).fragment(offset, more).payload(text).build();
    };
    const char header[] = {0, 1, 0, 2, 0, 24, 0, 0};
    add(part(8, true, "AAAAAAAA"));
    add(part(8, true, "BBBBBBBB"));
    EXPECT_TRUE(has("ipv4.frag_overlap"));
    add(part(16, false, "zzzzzzzz"));
    EXPECT_FALSE(has("ipv4.frag_overlap"));
    const Packet* packet = add(part(0, true, std::string_view(header, 8)));
    return packet ? std::string(to_text(packet->payload)) : "nothing";
  };
  EXPECT_EQ(run("bsd"), "AAAAAAAAzzzzzzzz");
  EXPECT_EQ(run("linux"), "BBBBBBBBzzzzzzzz");
}

TEST_F(DefragTest, APacketThatGrewTooLargeIsReported) {
  EXPECT_FALSE(add(PacketBuilder().ether().ipv4().proto(17).fragment(65528, false).payload(numbers(16)).build()));
  EXPECT_TRUE(has("ipv4.frag_pkt_too_large"));
  EXPECT_FALSE(add(PacketBuilder().ether().ipv6().fragment(8, true).proto(17).payload(numbers(15)).build()));
  EXPECT_TRUE(has("ipv6.frag_invalid_length"));
}

TEST_F(DefragTest, APacketWithoutItsLastFragmentIsGivenUpAfterTheTimeout) {
  auto parts = PacketBuilder().ether().ipv4().udp(1, 2).payload(numbers(100)).fragments(64);
  EXPECT_FALSE(add(parts[0], 0));
  EXPECT_FALSE(add(parts[1], 61.5)) << "the first one is forgotten";
  EXPECT_EQ(defrag->counters().ipv4_timeouts, 1U);
  EXPECT_TRUE(add(parts[0], 100));
}

TEST_F(DefragTest, CapsHoldAndAreCounted) {
  auto config = stream_config();
  config.defrag_trackers = 2;
  config.defrag_max_frags = 3;
  restart(config);
  std::vector<std::vector<BuiltFrame>> packets;
  for (uint32_t id = 1; id <= 3; ++id)
    packets.push_back(PacketBuilder().ether().ipv4().udp(1, 2).payload(numbers(200)).fragments(64, id));
  for (auto& parts : packets) add(parts[0]);
  EXPECT_EQ(defrag->counters().max_trackers_reached, 1U);
  add(packets[2][1]);
  add(packets[2][2]);
  EXPECT_EQ(defrag->counters().max_frags_reached, 1U);
  config = stream_config();
  config.defrag_memcap = 300;
  restart(config);
  for (const auto& part : packets[0]) EXPECT_FALSE(add(part));
  EXPECT_GT(defrag->counters().memcap_drop, 0U);
}

}  // namespace
}  // namespace lapwing
