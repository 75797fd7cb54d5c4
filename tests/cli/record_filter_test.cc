#include "sensor/cli/record_filter.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lapwing {
namespace {

constexpr std::string_view kRecord =
    R"({"event_type":"alert","src_ip":"10.0.0.1","src_port":9,"alert":{"severity":2,"signature":"a = b"},"ok":true,)"
    R"("dns":{"answers":[{"rrname":"a.example","ttl":5},{"rrname":"b.example","ttl":300}],"codes":["A","MX"]},"none":null})";

bool matches(std::vector<std::string> conditions) {
  return RecordFilter(conditions).matches(kRecord);
}

TEST(RecordFilter, ComparesNumbersAsNumbersAndTextAsText) {
  EXPECT_TRUE(matches({"alert.severity<=2"}));
  EXPECT_FALSE(matches({"alert.severity<2"}));
  EXPECT_TRUE(matches({"src_port<10"})) << "as text, 9 is not below 10";
  EXPECT_TRUE(matches({"src_port>=9.0"}));
  EXPECT_FALSE(matches({"src_port>abc"}));
  EXPECT_TRUE(matches({"src_ip=10.0.0.1"}));
  EXPECT_FALSE(matches({"src_ip=10.0.0.10"}));
  EXPECT_TRUE(matches({"ok=true"}));
  EXPECT_TRUE(matches({"none=null"}));
  EXPECT_TRUE(matches({"event_type>aaaa"}));
  EXPECT_TRUE(matches({"alert.signature=a = b"})) << "the first operator is the condition's";
  EXPECT_TRUE(matches({" src_ip = 10.0.0.1 "}));
}

TEST(RecordFilter, TellsWhatIsThere) {
  EXPECT_TRUE(matches({"alert"}));
  EXPECT_TRUE(matches({"alert.severity"}));
  EXPECT_FALSE(matches({"alert.action"}));
  EXPECT_TRUE(matches({"!alert.action"}));
  EXPECT_FALSE(matches({"!alert"}));
  EXPECT_FALSE(matches({"src_ip.more"})) << "text has no members";
}

TEST(RecordFilter, AnyMemberOfAnArrayMayDoOrTheOneNamed) {
  EXPECT_TRUE(matches({"dns.answers.rrname=b.example"}));
  EXPECT_FALSE(matches({"dns.answers.0.rrname=b.example"}));
  EXPECT_TRUE(matches({"dns.answers.1.rrname=b.example"}));
  EXPECT_TRUE(matches({"dns.answers.ttl>200"}));
  EXPECT_TRUE(matches({"dns.codes=MX"}));
  EXPECT_FALSE(matches({"dns.codes=NS"}));
}

TEST(RecordFilter, UnequalIsWhatEqualIsNot) {
  EXPECT_FALSE(matches({"dns.codes!=MX"}));
  EXPECT_TRUE(matches({"dns.codes!=NS"}));
  EXPECT_TRUE(matches({"nothing.here!=1"}));
}

TEST(RecordFilter, AllConditionsMustHold) {
  EXPECT_TRUE(matches({"alert", "src_port=9"}));
  EXPECT_FALSE(matches({"alert", "src_port=10"}));
  EXPECT_TRUE(matches({}));
}

TEST(RecordFilter, WhatIsNoJsonMeetsNoCondition) {
  EXPECT_FALSE(RecordFilter({"!a"}).matches("{\"a\":"));
  EXPECT_FALSE(RecordFilter({"a"}).matches(""));
}

TEST(RecordFilter, RefusesConditionsThatAreNone) {
  for (const char* wrong : {"", "a=", "=1", ".a", "a..b=1", "!", "a!1", "!a=1", "a.=1"}) {
    EXPECT_THROW(RecordFilter({wrong}), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace lapwing
