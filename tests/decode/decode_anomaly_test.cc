#include "sensor/decode/decode_anomaly.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "tests/decode/decoding.h"

namespace lapwing {
namespace {

TEST(DecodeAnomaly, EveryNameIsFoundAgain) {
  for (std::string_view text : decode_event_names()) {
    auto event = find_decode_event(text);
    ASSERT_TRUE(event) << text;
    EXPECT_EQ(name(*event), text);
  }
  EXPECT_EQ(find_decode_event("ipv4.trunc_pkt"), DecodeAnomaly::ipv4_trunc_pkt);
  EXPECT_FALSE(find_decode_event("ipv4.nothing"));
  EXPECT_FALSE(find_decode_event(""));
}

TEST(DecodeAnomaly, EveryNameOfTheShippedRulesIsKnown) {
  const std::filesystem::path folder = "../shared/corpus/rules/events";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " is not here";
  std::set<std::string> seen;
  for (const auto* file : {"decoder-events.rules", "sctp-events.rules"}) {
    std::ifstream in(folder / file);
    std::regex word("decode-event:\\s*([^;]+);");
    for (std::string line; std::getline(in, line);) {
      std::smatch match;
      if (std::regex_search(line, match, word)) seen.insert(match[1]);
    }
  }
  EXPECT_GE(seen.size(), 120u);
  for (const std::string& text : seen) EXPECT_TRUE(find_decode_event(text)) << text;
}

TEST(DecodeOptions, PortListsMayNameAVariable) {
  Setting root;
  Setting& ports = root.make("decoder.vxlan.ports");
  ports.kind = Setting::Kind::scalar;
  ports.scalar = "$VXLAN_PORTS";
  ports.mark = {"a.yaml", 3, 5};
  EXPECT_THROW(read_decode_config(root), SettingError);
  Setting& group = root.make("vars.port-groups.VXLAN_PORTS");
  group.kind = Setting::Kind::scalar;
  group.scalar = "[8472, 4789]";
  auto plan = make_decode_plan(read_decode_config(root));
  EXPECT_TRUE(plan.vxlan.has(1, 8472) && plan.vxlan.has(4789, 1));
  EXPECT_FALSE(plan.vxlan.has(4788, 1));
  group.scalar = "[1, 2, 3, 4, 5]";
  EXPECT_THROW(read_decode_config(root), SettingError);
  group.scalar = "99999";
  EXPECT_THROW(read_decode_config(root), SettingError);
}

TEST(DecodeCounters, EventsAreCountedByName) {
  Decoder decoder(test::default_config(), ChecksumMode::all);
  Packet packet;
  for (int i = 0; i < 3; ++i) decoder.decode(test::BuiltFrame{.bytes = {1, 2, 3}}, packet);
  CounterSet set;
  decoder.add_counters(Share::shared, set);
  EXPECT_EQ(set.value("decoder.event.ethernet.pkt_too_small"), 3u);
  EXPECT_EQ(set.values().size(), decode_counter_rows().size() + 1);
  EXPECT_EQ(decoder.counters().invalid, 3u);
}

TEST(DecodeCounters, EachShareHasItsOwn) {
  Decoder decoder(test::default_config(), ChecksumMode::all);
  const test::BuiltFrame frame{.bytes = {1, 2, 3}};
  std::array<Packet, kMaxPackets> packets;
  decoder.decode(frame, packets);
  for (int i = 0; i < 2; ++i) decoder.decode(frame, packets, Share::own);
  auto counted = [&](Share share, std::string_view path) {
    CounterSet set;
    decoder.add_counters(share, set);
    return set.value(path);
  };
  for (std::string_view path : {"decoder.pkts", "decoder.invalid", "decoder.event.ethernet.pkt_too_small"}) {
    EXPECT_EQ(counted(Share::shared, path), 1u) << path;
    EXPECT_EQ(counted(Share::own, path), 2u) << path;
  }
}

TEST(DecodeCounters, EventsBeyondThePacketsRoomAreCounted) {
  std::vector<uint8_t> options;  // unknown destination options, two more than are kept
  for (size_t i = 0; i < kMaxPacketEvents + 2; ++i) options.insert(options.end(), {0x3e, 0});
  test::Decoded d(test::PacketBuilder().ether().ipv6().destination_options(options).udp(1, 2));
  EXPECT_EQ(d->event_count, kMaxPacketEvents);
  EXPECT_EQ(d.counters().max_packet_events, 2u);
}

}  // namespace
}  // namespace lapwing
