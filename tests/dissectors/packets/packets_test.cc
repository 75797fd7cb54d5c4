// Every row of the table: it has samples here, and whatever else it is given, what it says is JSON and in proportion.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/dissectors/packets/packet_record.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using test::from_hex;

struct Sample {
  std::string_view protocol;
  uint8_t ip_version;
  std::string_view hex;         // a packet that has all there is
  std::string_view head, each;  // and one of as many elements as it has room for
};

constexpr Sample kSamples[] = {
    {"arp", 0, "0001 0800 06 04 0001 020000000001 0a000001 020000000002 0a000002", "", ""},
    {"dhcp", 4,
     "0043 0044 0000 0000 02 01 06 00 12345678 0000 8000 00000000 0a000032 0a000001 0a0000fe 020000000003 "
     "00000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000"
     "63825363 350105 36040a000001 3304000000f0 0104ffffff00 03080a0000010a0000fe 06040a000035 00 340103 ff",
     "", ""},
    {"dhcpv6", 6,
     "0223 0222 0000 0000 02 123456 0001 000a 0003 0001 020000000003 0003 0028 00000001 00000000 00000000 0005 0018 "
     "fd000009000000000000000000000032 00000000 00000000",
     "0223 0222 0000 0000 07 123456 0017 fff0", "fd000009000000000000000000000001"},
    {"local_names", 4,
     "cdab 14eb 0000 0000 0001 8000 0001 0002 0000 0000 03 6e6173 00 0001 0001 c00c 0001 0001 0000001e 0004 0a000002 "
     "c00c 001c 0001 0000001e 0010 fd000009000000000000000000000002",
     "cdab14eb 00000000 0001 8000 0000 ffff 0000 0000", "016100 0001 0001 0000001e 0004 0a000002"},
    {"local_names", 4,
     "0089 0089 0000 0000 0001 2910 0001 0000 0000 0001 20 45 4f 45 42 46 44 "
     "4341434143414341434143414341434143414341434143 "
     "41 4141 00 0020 0001 c00c 0020 0001 000493e0 0006 0000 0a000002",
     "", ""},
    {"igmp", 4, "11 8f 0000 ef090001 0a 7d 0002 0a000001 0a000002", "11000000 00000000 0000 ffff", "0a000001"},
    {"igmp", 4, "22 00 0000 0000 0002 01010001 ef090001 0a000001 00000000 06000000 ef090002", "22000000 0000ffff",
     "04000000 ef090001"},
    {"sctp", 4, "1388 1389 00000001 00000000 00030013 00000001 0002 0003 00000004 616263 00 06000004",
     "1388138900000001 00000000", "0e000004"},
    {"sctp", 6, "1388 1389 00000000 00000000 01000014 00000007 00010000 000a 0800 00000009",
     "1388138900000001 00000000", "00030010 00000001 0002 0003 00000004"},
    {"icmp", 4, "03 04 0000 0000 05dc 45000020 00000000 40110000 0a000001 0a000002 04d2 0035 000c 0000", "", ""},
    {"icmp", 6,
     "86 00 0000 40 c0 0708 00000000 00000000 0101 020000000001 0304 40c0 00015180 00003840 00000000 "
     "fd000009000000000000000000000000 0501 0000 00000578 1903 0000 00000258 fd000009000000000000000000000001",
     "85000000 00000000", "0101020000000001"},
};

std::vector<uint8_t> longest(const Sample& sample) {
  std::vector<uint8_t> out = from_hex(sample.head);
  const std::vector<uint8_t> each = from_hex(sample.each);
  while (!each.empty() && out.size() + each.size() <= 65515) out.insert(out.end(), each.begin(), each.end());
  return out;
}

/// How many bytes a record has beside its lists, and those for a byte of the packet (RecordWriter::bound_lists).
constexpr size_t kBase = 4096, kTimes = 16;

void expect_sound(const Sample& sample, const std::vector<uint8_t>& bytes) {
  const std::string record = test::packet_record(test::packet_row(sample.protocol), bytes, sample.ip_version);
  EXPECT_TRUE(record == "none" || nlohmann::json::accept(record)) << record;
  EXPECT_LE(record.size(), kBase + kTimes * bytes.size());
}

TEST(Packets, EveryRowHasASampleAndARecordOnRequestOrNone) {
  for (const PacketDissectorRow* row : packet_dissectors()) {
    const Protocol& protocol = *row->protocol;
    EXPECT_GT(std::ranges::count(kSamples, protocol.name, &Sample::protocol), 0) << protocol.name;
    ASSERT_LE(protocol.records.size(), 1u) << protocol.name;
    EXPECT_NE(protocol.records.empty(), protocol.observed.size() == 0) << protocol.name;
    for (const RecordRow& record : protocol.records) EXPECT_TRUE(record.on_request) << protocol.name;
    const PacketSelector& selector = row->selector;
    EXPECT_NE(selector.ether_type != 0, (selector.ipv4_proto | selector.ipv6_proto) != 0) << protocol.name;
    if (selector.ports[0] == 0) continue;
    EXPECT_TRUE(selector.of_port(selector.ports[0])) << protocol.name;
    EXPECT_FALSE(selector.of_port(0)) << protocol.name;
    EXPECT_FALSE(selector.of_port(1)) << protocol.name;
  }
}

TEST(Packets, CutAtEveryByte) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.hex);
    std::vector<uint8_t> bytes = from_hex(sample.hex);
    EXPECT_NE(test::packet_record(test::packet_row(sample.protocol), bytes, sample.ip_version), "none");
    while (!bytes.empty()) {
      bytes.pop_back();
      bytes.shrink_to_fit();
      expect_sound(sample, bytes);
    }
  }
}

TEST(Packets, Junk) {
  std::minstd_rand random(7);
  for (const Sample& sample : kSamples) {
    const std::vector<uint8_t> whole = from_hex(sample.hex);
    for (int round = 0; round < 2000; ++round) {
      std::vector<uint8_t> bytes(random() % 200);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() >> 8);
      expect_sound(sample, bytes);
      bytes = whole;
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random() >> 8);
      expect_sound(sample, bytes);
    }
  }
}

TEST(Packets, LongestListsAreCut) {
  for (const Sample& sample : kSamples) {
    if (sample.each.empty()) continue;
    SCOPED_TRACE(sample.head);
    const std::vector<uint8_t> bytes = longest(sample);
    expect_sound(sample, bytes);
    EXPECT_LE(test::packet_record(test::packet_row(sample.protocol), bytes, sample.ip_version).size(), 64u << 10);
  }
}

}  // namespace
}  // namespace lapwing
