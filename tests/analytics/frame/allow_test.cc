// Which findings a row of analytics.allow means, and which rows are none.
#include "analytics/frame/allow.h"

#include <gtest/gtest.h>

#include "tests/analytics/frame/rows_text.h"

namespace lapwing::analytics {
namespace {

using test::list_of;
using test::Row;

constexpr std::string_view kDetectors[] = {"beacon", "scan"};
constexpr int64_t kNow = 1'700'000'000;  // 2023-11-14T22:13:20Z

std::vector<AllowRow> read(const OptionSource& source) {
  return read_allow(source, kDetectors);
}

bool hits(Row row, std::string_view detector, std::string_view subject, const std::vector<std::string>& objects,
          int64_t second = kNow) {
  row.emplace_back("reason", "known");
  const Setting root = list_of("analytics.allow", {row});
  return read(root).front().hits(detector, subject, objects, Timestamp::from_seconds(second));
}

TEST(AllowTest, ARowMeansWhatAllItsMembersMean) {
  const Row row = {{"detector", "beacon"}, {"subject", "10.0.0.0/24"}, {"peer", "198.51.100.7"}, {"port", "443"}};
  EXPECT_TRUE(hits(row, "beacon", "10.0.0.9", {"198.51.100.7:443"}));
  EXPECT_FALSE(hits(row, "scan", "10.0.0.9", {"198.51.100.7:443"}));
  EXPECT_FALSE(hits(row, "beacon", "10.0.1.9", {"198.51.100.7:443"}));
  EXPECT_FALSE(hits(row, "beacon", "10.0.0.9", {"198.51.100.8:443"}));
  EXPECT_FALSE(hits(row, "beacon", "10.0.0.9", {"198.51.100.7:8443"}));
  EXPECT_FALSE(hits(row, "beacon", "10.0.0.9", {"198.51.100.7"}));
}

TEST(AllowTest, AllObjectsMustBeMeant) {
  EXPECT_TRUE(hits({{"peer", "198.51.100.0/24"}}, "scan", "10.0.0.9", {"198.51.100.7:1", "198.51.100.8:2"}));
  EXPECT_FALSE(hits({{"peer", "198.51.100.0/24"}}, "scan", "10.0.0.9", {"198.51.100.7:1", "203.0.113.1:2"}));
  EXPECT_FALSE(hits({{"peer", "198.51.100.0/24"}}, "scan", "10.0.0.9", {})) << "nobody is no peer";
  EXPECT_TRUE(hits({{"detector", "scan"}}, "scan", "10.0.0.9", {}));
}

TEST(AllowTest, ADomainMeansAllNamesBelowItAndNoOther) {
  for (std::string_view peer : {"example.com", "*.Example.com"}) {
    EXPECT_TRUE(hits({{"peer", peer}}, "beacon", "10.0.0.9", {"example.com:443"})) << peer;
    EXPECT_TRUE(hits({{"peer", peer}}, "beacon", "10.0.0.9", {"cdn.EXAMPLE.com"})) << peer;
    EXPECT_FALSE(hits({{"peer", peer}}, "beacon", "10.0.0.9", {"badexample.com"})) << peer;
    EXPECT_FALSE(hits({{"peer", peer}}, "beacon", "10.0.0.9", {"example.com.evil.test:443"})) << peer;
  }
}

TEST(AllowTest, SubjectsWithoutAddressAreMeantByName) {
  EXPECT_TRUE(hits({{"subject", "02:00:00:00:00:0A"}}, "scan", "02:00:00:00:00:0a", {}));
  EXPECT_FALSE(hits({{"subject", "00:0a"}}, "scan", "02:00:00:00:00:0a", {}));
  EXPECT_TRUE(hits({{"peer", "fd00::/8"}, {"port", "443"}}, "beacon", "10.0.0.9", {"[fd00::1]:443"}));
}

TEST(AllowTest, ARowIsOverAtItsTimeOfThePackets) {
  EXPECT_TRUE(hits({{"detector", "scan"}, {"until", "2023-11-14"}}, "scan", "10.0.0.9", {})) << "the day is part of it";
  EXPECT_FALSE(hits({{"detector", "scan"}, {"until", "2023-11-14"}}, "scan", "10.0.0.9", {}, kNow + 6400));
  EXPECT_FALSE(hits({{"detector", "scan"}, {"until", "2023-11-14T22:13:20Z"}}, "scan", "10.0.0.9", {}));
  EXPECT_TRUE(hits({{"detector", "scan"}, {"until", "2023-11-14T22:13:21Z"}}, "scan", "10.0.0.9", {}));
}

TEST(AllowTest, WhatIsNoRowIsSaidWithItsPlace) {
  const auto fault = [](const Row& row) { return test::fault_of(list_of("analytics.allow", {row}), read); };
  EXPECT_EQ(fault({{"detector", "scan"}}), "c.yaml:2:5: the row lacks 'reason'");
  EXPECT_TRUE(fault({{"reason", "known"}}).starts_with("c.yaml:2:5: the row would hide all findings"));
  EXPECT_EQ(fault({{"reason", "known"}, {"detector", "scam"}}),
            "c.yaml:2:6: detector: 'scam' is no detector; there are beacon, scan");
  EXPECT_TRUE(fault({{"reason", "known"}, {"port", "65536"}}).starts_with("c.yaml:2:6: port: '65536' is no port"));
  EXPECT_TRUE(
      fault({{"reason", "known"}, {"subject", "10.0.0.0/40"}}).starts_with("c.yaml:2:6: subject: '10.0.0.0/40'"));
  EXPECT_TRUE(fault({{"reason", "known"}, {"peer", ""}}).starts_with("c.yaml:2:6: peer: '' is no host"));
  for (std::string_view until : {"2023-02-31", "tomorrow", "2023-11-14T22:13", "2023-11-14x"}) {
    EXPECT_TRUE(fault({{"reason", "known"}, {"port", "1"}, {"until", until}}).starts_with("c.yaml:2:7: until: '"))
        << until;
  }
}

}  // namespace
}  // namespace lapwing::analytics
