#include "sensor/base/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

namespace lapwing {
namespace {

TEST(IpAddressTest, Ipv4IsWrittenAsDottedQuad) {
  for (auto text : {"0.0.0.0", "255.255.255.255", "10.0.0.1", "192.168.100.9"}) {
    auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->version, 4);
    EXPECT_EQ(address->size(), 4u);
    EXPECT_EQ(to_string(*address), text);
  }
}

TEST(IpAddressTest, Ipv6IsWrittenInFull) {
  EXPECT_EQ(to_string(*IpAddress::parse("::1")), "0000:0000:0000:0000:0000:0000:0000:0001");
  EXPECT_EQ(to_string(*IpAddress::parse("2001:DB8::a:0")), "2001:0db8:0000:0000:0000:0000:000a:0000");
  EXPECT_EQ(to_string(*IpAddress::parse("::ffff:1.2.3.4")), "0000:0000:0000:0000:0000:ffff:0102:0304");
}

TEST(IpAddressTest, WhatIsNoAddressIsRefused) {
  std::string long_text(100, '1');
  for (std::string_view text :
       {std::string_view(""), std::string_view("1.2.3"), std::string_view("1.2.3.256"), std::string_view("1.2.3.4/8"),
        std::string_view(" 1.2.3.4"), std::string_view(":::"), std::string_view("g::1"),
        std::string_view("1.2.3.4\0", 8), std::string_view(long_text)}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

std::optional<IpAddress> as_the_system_reads(const std::string& text) {
  IpAddress out;
  out.version = inet_pton(AF_INET, text.c_str(), out.bytes.data()) == 1    ? 4
                : inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1 ? 6
                                                                           : 0;
  return out.version ? std::optional(out) : std::nullopt;
}

TEST(IpAddressTest, WhatIsReadIsWhatTheSystemReads) {
  for (const std::string text : {"",
                                 "0.0.0.0",
                                 "255.255.255.255",
                                 "192.0.2.1",
                                 "256.0.0.1",
                                 "1.2.3",
                                 "1.2.3.",
                                 "1.2.3.4.",
                                 "1.2.3.4.5",
                                 ".1.2.3",
                                 "1..2.3",
                                 "01.2.3.4",
                                 "1.2.3.00",
                                 "1.2.3.0",
                                 "1.2.3.0004",
                                 "1.2.3.1000",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "1,2,3,4",
                                 "1.2.3.-4",
                                 "::",
                                 "fe80::1",
                                 "2001:db8::192.0.2.1",
                                 "host",
                                 "192.0.2.1/24"}) {
    EXPECT_EQ(IpAddress::parse(text), as_the_system_reads(text)) << text;
  }
  constexpr std::string_view kLetters = "0123456789..25x:";
  std::mt19937_64 random(4);
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (uint64_t more = random() % 16; more > 0; --more) text += kLetters[random() % kLetters.size()];
    ASSERT_EQ(IpAddress::parse(text), as_the_system_reads(text)) << text;
  }
}

TEST(IpAddressTest, NoAddressHasNoTextAndNoSize) {
  EXPECT_EQ(to_string(IpAddress{}), "");
  EXPECT_EQ(IpAddress{}.size(), 0u);
}

TEST(IpAddressTest, WrittenTextIsTheSameAddressToTheSystem) {
  std::mt19937 random(7);
  for (int i = 0; i < 2'000; ++i) {
    uint8_t bytes[16], back[16];
    for (auto& b : bytes) b = static_cast<uint8_t>(random() % 4 ? random() : 0);
    std::string v4 = to_string(IpAddress::v4(bytes)), v6 = to_string(IpAddress::v6(bytes));
    ASSERT_EQ(inet_pton(AF_INET, v4.c_str(), back), 1);
    ASSERT_EQ(std::memcmp(bytes, back, 4), 0) << v4;
    ASSERT_EQ(inet_pton(AF_INET6, v6.c_str(), back), 1);
    ASSERT_EQ(std::memcmp(bytes, back, 16), 0) << v6;
    ASSERT_EQ(IpAddress::parse(v6), IpAddress::v6(bytes));
    ASSERT_LT(v6.size(), kIpTextSize);
  }
}

TEST(IpAddressTest, EveryOctetAtEveryPlace) {
  for (unsigned value = 0; value < 256; ++value) {
    for (size_t place = 0; place < 4; ++place) {
      uint8_t bytes[4] = {1, 22, 133, 4};
      bytes[place] = static_cast<uint8_t>(value);
      std::string text;
      for (uint8_t byte : bytes) text += (text.empty() ? "" : ".") + std::to_string(byte);
      ASSERT_EQ(to_string(IpAddress::v4(bytes)), text);
    }
  }
}

TEST(IpAddressTest, OrderAndEqualityTakeTheVersionIntoAccount) {
  EXPECT_NE(*IpAddress::parse("0.0.0.0"), *IpAddress::parse("::"));
  EXPECT_LT(*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"));
}

}  // namespace
}  // namespace lapwing
