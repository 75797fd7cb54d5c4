#include "dissectors/packets/dhcpv6/dhcpv6.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dissectors/packets/packet_record.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

/// A datagram of a server's to a client.
std::string dhcpv6_record(std::string_view message) {
  return test::packet_record(test::packet_row("dhcpv6"), test::from_hex("0223 0222 0000 0000" + std::string(message)),
                             6);
}

constexpr std::string_view kClient = "0001 000a 0003 0001 020000000003";

TEST(Dhcpv6, SaysWhatAServerOffers) {
  EXPECT_TRUE(test::packet_row("dhcpv6").protocol->records.empty());
  EXPECT_EQ(
      dhcpv6_record("02 123456" + std::string(kClient) +
                    "0003 0028 00000001 00000000 00000000 0005 0018 fd000000000000000000000000000032 00000000 00000000"
                    "0017 0020 fd000000000000000000000000000001 fd000000000000000000000000000002"),
      R"({"dhcpv6":{"type":"advertise","dest_port":546,"id":1193046,"client_mac":"02:00:00:00:00:03",)"
      R"("assigned_ip":"fd00:0000:0000:0000:0000:0000:0000:0032",)"
      R"("dns_servers":["fd00:0000:0000:0000:0000:0000:0000:0001","fd00:0000:0000:0000:0000:0000:0000:0002"]}})");
}

TEST(Dhcpv6, AStationIsReadWhereTheIdentifierHasOne) {
  const std::string timed = dhcpv6_record("07 000001 0001 000e 0001 0001 11223344 020000000003");
  EXPECT_NE(timed.find(R"("client_mac":"02:00:00:00:00:03")"), std::string::npos) << timed;
  for (const char* other :
       {"0001 000a 0003 0006 020000000003", "0001 000a 0002 0001 020000000003", "0001 0003 000300"}) {
    const std::string none = dhcpv6_record("07 000001" + std::string(other));
    EXPECT_EQ(none.find("client_mac"), std::string::npos) << none;
  }
}

TEST(Dhcpv6, WhatIsCutOrRepeatedDoesNotCount) {
  const std::string cut = dhcpv6_record("07 000001 0017 0020 fd000000000000000000000000000001");
  EXPECT_EQ(cut.find("dns_servers"), std::string::npos) << cut;
  const std::string twice = dhcpv6_record(
      "07 000001 0017 0010 fd000000000000000000000000000001"
      "0017 0010 fd000000000000000000000000000002");
  EXPECT_EQ(twice.find("0002\""), std::string::npos) << twice;
  const std::string within = dhcpv6_record("07 000001 0003 0010 00000001 00000000 00000000 0005 0018");
  EXPECT_EQ(within.find("assigned_ip"), std::string::npos) << within;
}

TEST(Dhcpv6, ReadsNothingElse) {
  EXPECT_EQ(dhcpv6_record(""), "none");
  EXPECT_EQ(dhcpv6_record("00 000001"), "none");
  EXPECT_EQ(dhcpv6_record("0d 00" + std::string(64, '0')), "none");  // from a relay's server
}

}  // namespace
}  // namespace lapwing
