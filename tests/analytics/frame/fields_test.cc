// Addresses in records, and what was read of an event.
#include "analytics/frame/fields.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace lapwing::analytics {
namespace {

TEST(ParseAddress, IsWhatIpAddressMakesOfIt) {
  for (std::string_view text : {"",
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
    EXPECT_EQ(parse_address(text), IpAddress::parse(text)) << text;
  }
  constexpr std::string_view kLetters = "0123456789..25x:";
  std::mt19937_64 random(4);
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (uint64_t more = random() % 16; more > 0; --more) text += kLetters[random() % kLetters.size()];
    ASSERT_EQ(parse_address(text), IpAddress::parse(text)) << text;
  }
}

TEST(Readings, AreThoseOfTheFieldsThereWasRoomFor) {
  Readings readings;
  EXPECT_EQ(readings.find(1), nullptr);
  readings.keep(1, Value{.integer = 7});
  readings.keep(2, std::nullopt);
  for (uint64_t more = 3; more < 20; ++more) readings.keep(more, Value{.integer = more});
  ASSERT_NE(readings.find(1), nullptr);
  EXPECT_EQ(readings.find(1)->value().integer, 7U);
  ASSERT_NE(readings.find(2), nullptr);
  EXPECT_FALSE(readings.find(2)->has_value()) << "it was read, and is not there";
  EXPECT_EQ(readings.find(19), nullptr);
  for (uint64_t more = 3; more < 20; ++more) {
    if (const auto* found = readings.find(more)) {
      EXPECT_EQ(found->value().integer, more);
    }
  }
}

}  // namespace
}  // namespace lapwing::analytics
