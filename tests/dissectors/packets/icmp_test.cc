#include <gtest/gtest.h>

#include "tests/dissectors/packets/packet_record.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

std::string icmp_record(uint8_t ip_version, std::string_view hex) {
  return test::packet_record(test::packet_row("icmp"), test::from_hex(hex), ip_version);
}

TEST(Icmp, RequestsAndReplies) {
  EXPECT_EQ(icmp_record(4, "0800 0000 0007 0002 6162"),
            R"({"icmp":{"message":"echo_request","length":2,"id":7,"seq":2}})");
  EXPECT_EQ(icmp_record(6, "8100 0000 0007 0002"), R"({"icmp":{"message":"echo_reply","length":0,"id":7,"seq":2}})");
  EXPECT_EQ(icmp_record(4, "6300 0000 0007 0002"), R"({"icmp":{"length":0}})");
  EXPECT_EQ(icmp_record(4, "0800 0000 0007 00"), "none");
}

TEST(Icmp, ErrorsQuoteTheirPacket) {
  EXPECT_EQ(icmp_record(4, "0304 0000 0000 0578 45000020 00000000 40110000 0a000001 0a000002 04d2 0035"),
            R"({"icmp":{"message":"destination_unreachable","length":24,"mtu":1400,"quoted":{"src_ip":"10.0.0.1",)"
            R"("src_port":1234,"dest_ip":"10.0.0.2","dest_port":53,"proto":17}}})");
  // A later fragment has no ports.
  EXPECT_EQ(icmp_record(4, "0b00 0000 00000000 45000020 00000010 40110000 0a000001 0a000002 04d2 0035"),
            R"({"icmp":{"message":"time_exceeded","length":24,"quoted":{"src_ip":"10.0.0.1","dest_ip":"10.0.0.2",)"
            R"("proto":17}}})");
  EXPECT_EQ(icmp_record(4, "0501 0000 0a000009"), R"({"icmp":{"message":"redirect","length":0,"gateway":"10.0.0.9"}})");
  EXPECT_EQ(icmp_record(6, "0200 0000 00000500 60"), R"({"icmp":{"message":"packet_too_big","length":1,"mtu":1280}})");
}

TEST(Icmp, Neighbours) {
  EXPECT_EQ(icmp_record(6, "8800 0000 e0000000 fd000009000000000000000000000001 0201 020000000001"),
            R"({"icmp":{"message":"neighbor_advertisement","length":24,)"
            R"("target":"fd00:0009:0000:0000:0000:0000:0000:0001","router":true,"solicited":true,"override":true,)"
            R"("options":[{"type":2,"mac":"02:00:00:00:00:01"}]}})");
  EXPECT_EQ(icmp_record(6, "8700 0000 00000000 fd0000090000000000000000000000"), "none");
  // Not an option of no length.
  EXPECT_EQ(icmp_record(6, "8500 0000 00000000 0e01 000000000000 0100 020000000001"),
            R"({"icmp":{"message":"router_solicitation","length":16,"options":[{"type":14}]}})");
}

TEST(Icmp, Routers) {
  EXPECT_EQ(
      icmp_record(6,
                  "8600 0000 40c0 0708 00000000 00000000 0304 40c0 00015180 00003840 00000000 "
                  "fd000009000000000000000000000000 0501 0000 00000578 1903 0000 00000258 "
                  "fd000009000000000000000000000001"),
      R"({"icmp":{"message":"router_advertisement","length":72,"hop_limit":64,"managed":true,"other":true,)"
      R"("lifetime":1800,"preference":"medium","options":[{"type":3,"prefix":"fd00:0009:0000:0000:0000:0000:0000:0000",)"
      R"("prefix_length":64,"lifetime":86400},{"type":5,"mtu":1400},{"type":25,"lifetime":600,)"
      R"("servers":["fd00:0009:0000:0000:0000:0000:0000:0001"]}]}})");
  // RFC 4191 section 2.2.
  EXPECT_NE(icmp_record(6, "8600 0000 4008 0708 00000000 00000000").find(R"("preference":"high")"), std::string::npos);
  EXPECT_NE(icmp_record(6, "8600 0000 4018 0708 00000000 00000000").find(R"("preference":"low")"), std::string::npos);
  EXPECT_NE(icmp_record(6, "8600 0000 4010 0708 00000000 00000000").find(R"("preference":"medium")"),
            std::string::npos);
}

}  // namespace
}  // namespace lapwing
