#include "analytics/intel/indicator_table.h"

#include <gtest/gtest.h>

#include <string>

namespace lapwing::analytics {
namespace {

using Type = IndicatorType;

uint32_t place(const IndicatorSlot* slot) {
  return slot ? slot->place : 0;
}

TEST(IndicatorTable, FindsWhatWasAddedAndNothingElse) {
  constexpr uint32_t kAdded = 100'000;
  IndicatorTable table(1);
  for (uint32_t i = 1; i <= kAdded; ++i) table.add(Type::domain, "d" + std::to_string(i) + ".example", i, 0);
  EXPECT_EQ(table.find(Type::domain, "d1.example"), nullptr);
  table.build();
  EXPECT_EQ(table.size(), kAdded);
  EXPECT_LE(table.bytes(), kAdded * 21 + 64);
  for (uint32_t i = 1; i <= kAdded; ++i) {
    EXPECT_EQ(place(table.find(Type::domain, "d" + std::to_string(i) + ".example")), i);
    EXPECT_EQ(table.find(Type::domain, "e" + std::to_string(i) + ".example"), nullptr);
    EXPECT_EQ(table.find(Type::url, "d" + std::to_string(i) + ".example"), nullptr);
  }
}

TEST(IndicatorTable, OfTwoTheFirstPlaceCountsWhateverTheOrder) {
  for (const bool turned : {false, true}) {
    IndicatorTable table(1);
    table.add(Type::email, "who@bad.example", turned ? 9 : 5, 0);
    table.add(Type::email, "who@bad.example", turned ? 5 : 9, 0);
    table.build();
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(place(table.find(Type::email, "who@bad.example")), 5U);
  }
}

TEST(IndicatorTable, ANameStandsForThoseBelowIt) {
  IndicatorTable table(1);
  table.add(Type::domain, "bad.example", 1, 0);
  table.add(Type::domain, "worse.bad.example", 2, 0);
  table.add(Type::domain_exact, "alone.example", 3, 0);
  table.build();
  EXPECT_EQ(place(table.find_domain("bad.example").slot), 1U);
  EXPECT_EQ(place(table.find_domain("a.b.bad.example").slot), 1U);
  EXPECT_EQ(place(table.find_domain("a.worse.bad.example").slot), 2U);
  EXPECT_EQ(place(table.find_domain("alone.example").slot), 3U);
  EXPECT_EQ(table.find_domain("not.alone.example").slot, nullptr);
  EXPECT_EQ(table.find_domain("notbad.example").slot, nullptr);
  EXPECT_EQ(table.find_domain("example").slot, nullptr);
  EXPECT_EQ(table.find_domain("").slot, nullptr);
}

TEST(IndicatorTable, TheSmallestNetworkCounts) {
  IndicatorTable table(1);
  uint32_t number = 0;
  for (const char* text : {"198.51.100.0/24", "198.51.100.7", "2001:db8::/32", "2001:db8::7/128", "2001:db8:1::/64"})
    table.add(Type::network, *canonical(Type::network, text), ++number, 0);
  table.build();
  const auto at = [&](const char* text) { return place(table.find_address(*IpAddress::parse(text)).slot); };
  EXPECT_EQ(at("198.51.100.8"), 1U);
  EXPECT_EQ(at("198.51.100.7"), 2U);
  EXPECT_EQ(at("198.51.101.7"), 0U);
  EXPECT_EQ(at("2001:db8::8"), 3U);
  EXPECT_EQ(at("2001:db8::7"), 4U);
  EXPECT_EQ(at("2001:db8:1::1"), 5U);
  EXPECT_EQ(at("2001:db9::1"), 0U);
}

TEST(IndicatorTable, AnEmptyOneFindsNothing) {
  IndicatorTable table(1);
  table.build();
  EXPECT_EQ(table.find(Type::domain, "bad.example"), nullptr);
  EXPECT_EQ(table.find_domain("bad.example").slot, nullptr);
  EXPECT_EQ(table.find_address(*IpAddress::parse("198.51.100.7")).slot, nullptr);
}

}  // namespace
}  // namespace lapwing::analytics
