#include <gtest/gtest.h>

#include "tests/dissectors/packets/packet_record.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

std::string igmp_record(std::string_view hex) {
  return test::packet_record(test::packet_row("igmp"), test::from_hex(hex), 4);
}

TEST(Igmp, VersionsFollowFromTypeAndLength) {
  EXPECT_EQ(igmp_record("1100 0000 00000000"),
            R"({"igmp":{"type":17,"version":1,"group":"0.0.0.0","max_response":0}})");
  EXPECT_EQ(igmp_record("1164 0000 ef090001"),
            R"({"igmp":{"type":17,"version":2,"group":"239.9.0.1","max_response":100}})");
  EXPECT_EQ(igmp_record("1200 0000 ef090001"), R"({"igmp":{"type":18,"version":1,"group":"239.9.0.1"}})");
  EXPECT_EQ(igmp_record("1600 0000 ef090001"), R"({"igmp":{"type":22,"version":2,"group":"239.9.0.1"}})");
  EXPECT_EQ(igmp_record("1700 0000 ef090001"), R"({"igmp":{"type":23,"version":2,"group":"239.9.0.1"}})");
  EXPECT_EQ(igmp_record("1300 0000 ef090001"), R"({"igmp":{"type":19}})");
}

TEST(Igmp, QueriesOfVersion3) {
  EXPECT_EQ(igmp_record("118f 0000 ef090001 0a9f 0001 0a000001"),
            R"({"igmp":{"type":17,"version":3,"group":"239.9.0.1","max_response":248,"suppress":true,"robustness":2,)"
            R"("interval":496,"sources":["10.0.0.1"]}})");
  EXPECT_EQ(igmp_record("1100 0000 ef090001 0a9f 0002 0a000001"), "none");
  EXPECT_EQ(igmp_record("1100 0000 ef090001 0a"), "none");
}

TEST(Igmp, ReportsOfVersion3) {
  EXPECT_EQ(igmp_record("2200 0000 0000 0002 0101 0001 ef090001 0a000001 deadbeef 0600 0000 ef090002"),
            R"({"igmp":{"type":34,"version":3,"groups":[{"type":"is_include","group":"239.9.0.1",)"
            R"("sources":["10.0.0.1"]},{"type":"block_old","group":"239.9.0.2"}]}})");
  EXPECT_EQ(igmp_record("2200 0000 0000 0002 0100 0000 ef090001"), "none");
}

}  // namespace
}  // namespace lapwing
