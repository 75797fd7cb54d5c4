#include "dissectors/packets/arp/arp.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/dissectors/packets/packet_record.h"

namespace lapwing {
namespace {

std::string message(char operation) {
  const char bytes[] = {0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2};
  return {bytes, sizeof bytes};
}

std::string arp_record(const std::string& bytes) {
  return test::packet_record(test::packet_row("arp"), to_bytes(bytes), 0);
}

TEST(Arp, SaysWhoAsksForWhom) {
  EXPECT_EQ(test::packet_row("arp").selector.ether_type, 0x0806);
  EXPECT_EQ(arp_record(message(1)),
            R"({"arp":{"hw_type":"ethernet","proto_type":"ipv4","opcode":"request","src_mac":"02:00:00:00:00:01",)"
            R"("src_ip":"10.0.0.1","dest_mac":"02:00:00:00:00:02","dest_ip":"10.0.0.2"}})");
  EXPECT_NE(arp_record(message(9)).find("\"inarp_reply\""), std::string::npos);
  EXPECT_NE(arp_record(message(99)).find("\"unknown\""), std::string::npos);
}

TEST(Arp, ReadsNothingElse) {
  const std::string whole = message(2);
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(arp_record(whole.substr(0, size)), "none") << size;
  for (size_t at : {size_t{1}, size_t{3}, size_t{4}, size_t{5}}) {
    std::string odd = whole;
    ++odd[at];
    EXPECT_EQ(arp_record(odd), "none") << at;
  }
}

}  // namespace
}  // namespace lapwing
