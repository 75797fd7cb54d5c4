// How findings name ends of flows, and which flow comes first.
#include "analytics/frame/evidence.h"

#include <gtest/gtest.h>

namespace lapwing::analytics {
namespace {

TEST(Evidence, EndsAreWrittenWithTheirPortAndTakenApartAgain) {
  const std::string four = endpoint(*IpAddress::parse("198.51.100.7"), 443);
  EXPECT_EQ(four, "198.51.100.7:443");
  EXPECT_EQ(host_of(four), "198.51.100.7");
  const std::string six = endpoint(*IpAddress::parse("2001:db8::1"), 443);
  EXPECT_EQ(six, "[2001:0db8:0000:0000:0000:0000:0000:0001]:443");
  EXPECT_EQ(IpAddress::parse(host_of(six)), IpAddress::parse("2001:db8::1"));
  for (const char* bare : {"198.51.100.7", "2001:0db8::1", "b0:c0:90:57:d6:4e", "lab.example", ""}) {
    EXPECT_EQ(host_of(bare), bare);
  }
}

TEST(Evidence, TheFirstFlowIsTheSameInWhateverOrder) {
  const FlowName one{.id = 1}, two{.id = 2};
  for (bool swapped : {false, true}) {
    Timestamp first{INT64_MAX};
    FlowName flow;
    for (const FlowName& name : swapped ? std::array{two, one} : std::array{one, two}) {
      keep_first(first, flow, Timestamp{5}, name);
    }
    EXPECT_EQ(flow, one);
    keep_first(first, flow, Timestamp{4}, two);
    EXPECT_EQ(flow, two);
  }
}

}  // namespace
}  // namespace lapwing::analytics
