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

using namespace std::string_view_literals;
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
    innermost(bytes, fragment);
    return &whole;
  }
  void innermost(Bytes bytes, const Packet& last) {
    std::array<Packet, 4> layers;
    whole = layers[decoder.decode_reassembled(bytes, last, layers) - 1];
  }
  void use_linux() {
    auto config = stream_config();
    config.os_linux = {"0.0.0.0/0", "::/0"};
    restart(config);
  }
  /// Packets of as many sources, in fragments.
  static std::vector<std::vector<BuiltFrame>> many(uint32_t count, size_t size, size_t step) {
    std::vector<std::vector<BuiltFrame>> out;
    for (uint32_t id = 1; id <= count; ++id) {
      auto base = PacketBuilder().ether().ipv4("10.0.1." + std::to_string(id), "10.0.0.2");
      out.push_back(base.udp(1, 2).payload(std::string(size, 'x')).fragments(step, id));
    }
    return out;
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
    auto& hosts = policy == "linux"sv ? config.os_linux : policy == "old-linux"sv ? config.os_old_linux : config.os_bsd;
    hosts = {"0.0.0.0/0"};
    restart(config);
    auto part = [](uint16_t offset, bool more, std::string_view text) {
      return PacketBuilder().ether().ipv4().proto(ip_proto::udp).fragment(offset, more).payload(text).build();
    };
    const char header[] = {0, 1, 0, 2, 0, 24, 0, 0};
    add(part(8, true, "AAAAAAAA"));
    add(part(8, true, "BBBBBBBB"));
    EXPECT_TRUE(has("ipv4.frag_overlap")) << policy;
    add(part(16, false, "zzzzzzzz"));
    EXPECT_FALSE(has("ipv4.frag_overlap"));
    const Packet* packet = add(part(0, true, std::string_view(header, 8)));
    return packet ? std::string(to_text(packet->payload)) : "nothing";
  };
  EXPECT_EQ(run("bsd"), "AAAAAAAAzzzzzzzz");
  EXPECT_EQ(run("old-linux"), "BBBBBBBBzzzzzzzz");
  EXPECT_EQ(run("linux"), "AAAAAAAAzzzzzzzz") << "the same place again is no overlap to it";
}

TEST_F(DefragTest, EventsBeyondTheRoomOfAPacketAreCounted) {
  auto part = [](std::string_view text) {
    return PacketBuilder().ether().ipv4().proto(ip_proto::udp).fragment(8, true).payload(text).build();
  };
  add(part("AAAAAAAA"));
  const BuiltFrame again = part("BBBBBBBB");
  decoder.decode(again, fragment);
  fragment.event_count = kMaxPacketEvents;
  defrag->add(fragment);
  EXPECT_EQ(defrag->counters().max_packet_events, 1U);
}

TEST_F(DefragTest, TwoEndsAreTheEndOfThePacketAndReported) {
  use_linux();
  auto part = [](uint16_t offset, bool more, std::string_view text) {
    return PacketBuilder().ether().ipv4().proto(17).fragment(offset, more).payload(text).build();
  };
  add(part(0, true, "sixteen bytes ok"));
  EXPECT_FALSE(add(part(8, false, "e")));
  EXPECT_TRUE(has("ipv4.frag_overlap"));
  EXPECT_EQ(defrag->counters().contradictions, 1U);
  EXPECT_EQ(defrag->counters().memuse, 0U);
}

TEST_F(DefragTest, APacketThatGrewTooLargeIsReported) {
  EXPECT_FALSE(add(PacketBuilder().ether().ipv4().proto(17).fragment(65528, false).payload(numbers(16)).build()));
  EXPECT_TRUE(has("ipv4.frag_pkt_too_large"));
  EXPECT_FALSE(add(PacketBuilder().ether().ipv6().fragment(8, true).proto(17).payload(numbers(15)).build()));
  EXPECT_EQ(std::ranges::count(events, "ipv6.frag_invalid_length"), 1);
}

TEST_F(DefragTest, TheTimeoutCountsFromTheFirstFragmentAndIsThatOfTheDestination) {
  auto parts = PacketBuilder().ether().ipv4().udp(1, 2).payload(numbers(100)).fragments(40);
  EXPECT_FALSE(add(parts[0], 0));
  EXPECT_FALSE(add(parts[1], 50));
  EXPECT_FALSE(add(parts[2], 61.5)) << "the others are forgotten, though one came in between";
  EXPECT_EQ(defrag->counters().ipv4_timeouts, 1U);
  EXPECT_FALSE(add(parts[0], 100));
  EXPECT_TRUE(add(parts[1], 101));
  use_linux();
  EXPECT_FALSE(add(parts[0], 200));
  EXPECT_FALSE(add(parts[1], 200));
  EXPECT_FALSE(add(parts[2], 231.5));
  EXPECT_EQ(defrag->counters().ipv4_timeouts, 1U);
  auto six = PacketBuilder().ether().ipv6().udp(1, 2).payload(numbers(100)).fragments(64);
  EXPECT_FALSE(add(six[0], 300));
  EXPECT_TRUE(add(six[1], 331.5)) << "60 seconds everywhere (RFC 8200)";
}

TEST_F(DefragTest, AtACapThePacketThatBeganFirstGoes) {
  auto config = stream_config();
  config.defrag_trackers = 2;
  restart(config);
  auto packets = many(4, 100, 64);
  for (auto& parts : packets) add(parts[0]);
  EXPECT_EQ(defrag->counters().max_trackers_reached, 2U);
  EXPECT_TRUE(add(packets[3][1])) << "the newest is there";
  EXPECT_TRUE(add(packets[2][1]));

  config = stream_config();
  config.defrag_max_frags = 3;
  restart(config);
  for (auto& parts : packets) add(parts[0]);
  EXPECT_EQ(defrag->counters().max_frags_reached, 1U);
  EXPECT_TRUE(add(packets[3][1]));

  config = stream_config();
  config.defrag_memcap = 4000;
  restart(config);
  for (auto& parts : packets) add(parts[0]);
  EXPECT_GT(defrag->counters().memcap_drop, 0U);
  EXPECT_LE(defrag->counters().memuse, 4000U);
  EXPECT_TRUE(add(packets[3][1]));

  config.defrag_memcap = 300;
  restart(config);
  for (const auto& part : packets[0]) EXPECT_FALSE(add(part));
  EXPECT_EQ(defrag->counters().memuse, 0U);
}

TEST_F(DefragTest, LoneFragmentsOfOneSourceLeaveThoseOfOthersAlone) {
  constexpr size_t kLone = 70'000;
  for (bool v6 : {false, true}) {
    restart(stream_config());
    auto victim = (v6 ? PacketBuilder().ether().ipv6("2001:db8:1::1", "2001:db8:9::9") : PacketBuilder().ether().ipv4())
                      .udp(1, 2)
                      .payload(numbers(100))
                      .fragments(64);
    EXPECT_FALSE(add(victim[0]));
    // An IPv6 host has as many addresses as it likes.
    auto base = v6 ? PacketBuilder().ether().ipv6("2001:db8:2::1", "2001:db8:9::9")
                   : PacketBuilder().ether().ipv4("10.0.0.66", "10.0.0.2");
    auto lone = base.udp(1, 2).payload(numbers(40)).fragments(24)[0];
    Decoder unchecked{read_options<DecodeConfig>(Setting{}, decode_options()), ChecksumMode::none};
    auto send = [&](size_t i) {
      const size_t id = v6 ? 14 + 40 + 4 : 14 + 4 - 2, source = 14 + 8 + 15;
      if (v6) lone.bytes[source] = static_cast<uint8_t>(i % 7);
      if (v6) lone.bytes[id + 1] = static_cast<uint8_t>(i >> 16);
      if (!v6) lone.bytes[14 + 19] = static_cast<uint8_t>(2 + (i >> 16));
      lone.bytes[id + 2] = static_cast<uint8_t>(i >> 8);
      lone.bytes[id + 3] = static_cast<uint8_t>(i);
      unchecked.decode(lone, fragment);
      ASSERT_TRUE(fragment.is_fragment);
      EXPECT_TRUE(defrag->add(fragment).empty());
    };
    for (size_t i = 0; i < kLone; ++i) send(i);
    EXPECT_GE(defrag->counters().source_share, kLone - 65535 / 16 - 1);
    EXPECT_EQ(defrag->counters().max_frags_reached, 0U);
    EXPECT_LT(defrag->counters().memuse, 8U << 20);
    EXPECT_TRUE(add(victim[1]));
  }
}

TEST_F(DefragTest, APacketOfManyFragmentsIsNoMoreThanItsSourcesShare) {
  auto parts = PacketBuilder().ether().ipv4().udp(1, 2).payload(numbers(60'000)).fragments(8);
  ASSERT_GT(parts.size(), 65535U / 16);
  for (size_t i = 0; i + 1 < parts.size(); ++i) ASSERT_FALSE(add(parts[i]));
  ASSERT_TRUE(add(parts.back()));
  EXPECT_EQ(to_text(whole.payload), numbers(60'000));
}

TEST_F(DefragTest, FragmentsThatNeverHeldAnythingHoldNoPlace) {
  for (uint32_t id = 0; id < 100; ++id) {
    add(PacketBuilder()
            .ether()
            .ipv4()
            .proto(17)
            .id(static_cast<uint16_t>(id))
            .fragment(8, true)
            .payload("seven b")
            .build());
    add(PacketBuilder()
            .ether()
            .ipv4()
            .proto(17)
            .id(static_cast<uint16_t>(id))
            .fragment(65528, false)
            .payload(numbers(16))
            .build());
  }
  EXPECT_EQ(defrag->counters().memuse, 0U);
}

TEST_F(DefragTest, WhatWasPutTogetherMayHoldAFragmentInATunnel) {
  const auto inner = PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(7, 8).payload(numbers(500)).build();
  const Bytes datagram = Bytes(inner.bytes).subspan(20);
  const Packet* packet = nullptr;
  for (size_t half = 0; half < 2; ++half) {
    auto tunnel = PacketBuilder().ether().ipv4().ipv4("192.0.2.1", "192.0.2.2").proto(ip_proto::udp);
    tunnel.fragment(static_cast<uint16_t>(half * 256), half == 0, 77);
    tunnel.payload(half == 0 ? datagram.first(256) : datagram.subspan(256));
    auto outer = tunnel.fragments(128, static_cast<uint32_t>(half) + 1);
    for (const auto& part : outer) packet = add(part);
    ASSERT_TRUE(packet && packet->is_fragment);
    whole.frame = defrag->frame();
    Bytes bytes = defrag->add(whole);
    ASSERT_EQ(bytes.empty(), half == 0);
    if (bytes.empty()) continue;
    const Packet last = whole;
    innermost(bytes, last);
    EXPECT_EQ(to_text(whole.payload), numbers(500));
    EXPECT_EQ(whole.tunnel_count, 1);
    EXPECT_EQ(defrag->frame().size(), 14U + 20 + 20 + 8 + 500);
  }
}

TEST_F(DefragTest, OnlyTheLastFragmentHeaderIsTakenOut) {
  auto piece = [](uint16_t offset, bool more, std::string_view text) {
    return PacketBuilder().ether().ipv6().fragment(0, false).fragment(offset, more, 9).proto(17).payload(text).build();
  };
  EXPECT_FALSE(add(piece(0, true, "\0\1\0\2\0\x10\0\0"sv)));
  const Packet* packet = add(piece(8, false, "payload!"));
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->is_udp());
  EXPECT_EQ(to_text(packet->payload), "payload!");
  EXPECT_EQ(fragment.host_drops, host_drop::fragment_header);
  EXPECT_FALSE(defrag->drops(fragment));
  use_linux();
  EXPECT_TRUE(defrag->drops(fragment));
}

}  // namespace
}  // namespace lapwing
