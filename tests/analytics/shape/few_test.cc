// Few values are found among all.
#include "analytics/shape/few.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lapwing::analytics {
namespace {

TEST(Few, HaveWhatTheyAreMadeOfAndNothingElse) {
  static constexpr auto kPorts = few<uint16_t>(17, 19, 273, 5353, 65535);
  static_assert(kPorts.has(19) && !kPorts.has(20));
  const std::set<uint16_t> all = {17, 19, 273, 5353, 65535};
  for (uint32_t port = 0; port <= 65535; ++port) {
    ASSERT_EQ(kPorts.has(static_cast<uint16_t>(port)), all.contains(static_cast<uint16_t>(port))) << port;
  }
}

TEST(Few, TellTextsApartThatLookAlike) {
  static constexpr auto kNames = few<std::string_view>("", "ssh", "smb", "HTTP");
  for (std::string_view name : {"", "ssh", "smb", "HTTP"}) EXPECT_TRUE(kNames.has(name)) << name;
  for (std::string_view name : {"s", "sah", "sb", "HTTPS", "hTTP", "H", "\xff"}) EXPECT_FALSE(kNames.has(name)) << name;
  const std::string elsewhere = "xsshx";
  EXPECT_TRUE(kNames.has(std::string_view(elsewhere).substr(1, 3)));
}

struct Keyed {
  uint16_t key = 0;
  int value = 0;
  constexpr bool operator==(const Keyed& other) const { return key == other.key; }
};
constexpr uint8_t trace_of(const Keyed& row) {
  return analytics::trace_of(row.key);
}

TEST(Few, GiveTheRowThatIsFirst) {
  static constexpr Few kRows(std::to_array<Keyed>({{7, 1}, {8, 2}, {7, 3}}));
  ASSERT_NE(kRows.find({7, 0}), nullptr);
  EXPECT_EQ(kRows.find({7, 0})->value, 1);
  EXPECT_EQ(kRows.find({8, 0})->value, 2);
  EXPECT_EQ(kRows.find({9, 0}), nullptr);
  EXPECT_EQ(kRows.find({7 + 256, 0}), nullptr) << "of the same trace";
}

}  // namespace
}  // namespace lapwing::analytics
