#include "dissectors/packets/dhcp/dhcp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dissectors/packets/packet_record.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using test::from_hex;

/// An offer of 10.0.0.50 with these options.
std::vector<uint8_t> offer(std::string_view options, std::string_view file = "", std::string_view name = "") {
  std::vector<uint8_t> out = from_hex("0043 0044 0000 0000 02 01 06 00 12345678 0000 8000 00000000 0a000032");
  out.resize(8 + 28);
  for (uint8_t byte : std::initializer_list<uint8_t>{2, 0, 0, 0, 0, 3}) out.push_back(byte);
  out.resize(8 + 44);
  const auto part = [&](std::string_view hex, size_t end) {
    const auto bytes = from_hex(hex);
    out.insert(out.end(), bytes.begin(), bytes.end());
    out.resize(8 + end);
  };
  part(name, 108);
  part(file, 236);
  for (uint8_t byte : from_hex("63825363")) out.push_back(byte);
  for (uint8_t byte : from_hex(options)) out.push_back(byte);
  return out;
}
std::string dhcp_record(const std::vector<uint8_t>& bytes) {
  return test::packet_record(test::packet_row("dhcp"), bytes, 4);
}

TEST(Dhcp, SaysWhatAServerOffers) {
  EXPECT_TRUE(test::packet_row("dhcp").protocol->records.empty());
  EXPECT_EQ(dhcp_record(offer("350102 36040a000001 0104ffffff00 03080a0000010a000002 06040a000035 ff")),
            R"({"dhcp":{"dhcp_type":"offer","dest_port":68,"id":305419896,"client_mac":"02:00:00:00:00:03",)"
            R"("assigned_ip":"10.0.0.50","server_ip":"10.0.0.1","subnet_mask":"255.255.255.0",)"
            R"("routers":["10.0.0.1","10.0.0.2"],"dns_servers":["10.0.0.53"]}})");
}

TEST(Dhcp, OptionsGoOnInTheTextsWhereThatIsSaid) {
  const std::string both = dhcp_record(offer("350105 340103 ff", "03040a000001ff", "06040a000035ff"));
  EXPECT_NE(both.find(R"("routers":["10.0.0.1"],"dns_servers":["10.0.0.53"])"), std::string::npos) << both;
  const std::string none = dhcp_record(offer("350105 ff", "03040a000001ff", "06040a000035ff"));
  EXPECT_EQ(none.find("routers"), std::string::npos) << none;
}

TEST(Dhcp, WhatIsRepeatedOrBehindTheEndDoesNotCount) {
  const std::string twice = dhcp_record(offer("350102 03040a000001 03040a000009 ff 06040a000035"));
  EXPECT_NE(twice.find(R"("routers":["10.0.0.1"])"), std::string::npos) << twice;
  EXPECT_EQ(twice.find("dns_servers"), std::string::npos) << twice;
}

TEST(Dhcp, ReadsNothingElse) {
  EXPECT_EQ(dhcp_record(offer("36040a000001 ff")), "none");  // BOOTP
  std::vector<uint8_t> odd = offer("350102 ff");
  odd[8 + 236] ^= 1;
  EXPECT_EQ(dhcp_record(odd), "none");
  odd = offer("350102 ff");
  odd[8 + 1] = 6;
  EXPECT_EQ(dhcp_record(odd), "none");
  // The datagram ends before the options.
  odd = offer("350102 ff");
  odd[5] = 200;
  EXPECT_EQ(dhcp_record(odd), "none");
}

}  // namespace
}  // namespace lapwing
