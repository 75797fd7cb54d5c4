#include "export/record/community_id.h"

#include <gtest/gtest.h>

#include "tests/export/eve_support.h"

namespace lapwing {
namespace {

// Values published with the specification.
TEST(CommunityId, AgreesWithTheSpecification) {
  CommunityId id(0);
  EXPECT_EQ(id.compute(6, ip("128.232.110.120"), ip("66.35.250.204"), 34855, 80, 0, 0),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(id.compute(17, ip("192.168.1.52"), ip("8.8.8.8"), 54585, 53, 0, 0), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
  EXPECT_EQ(id.compute(1, ip("192.168.0.89"), ip("192.168.0.1"), 0, 0, 8, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

TEST(CommunityId, IsTheSameInBothDirections) {
  CommunityId id(0);
  std::string there(id.compute(6, ip("10.0.0.1"), ip("10.0.0.2"), 1000, 80, 0, 0));
  EXPECT_EQ(id.compute(6, ip("10.0.0.2"), ip("10.0.0.1"), 80, 1000, 0, 0), there);
  std::string v6(id.compute(17, ip("fe80::1"), ip("fe80::2"), 5353, 5353, 0, 0));
  EXPECT_EQ(id.compute(17, ip("fe80::2"), ip("fe80::1"), 5353, 5353, 0, 0), v6);
}

TEST(CommunityId, OfATupleThatCameBeforeIsNotThatOfAnother) {
  const auto alone = [](const IpAddress& from, const IpAddress& to, uint8_t proto, uint16_t port) {
    return std::string(CommunityId(0).compute(proto, from, to, port, 0, 0, 0));
  };
  CommunityId id(0);
  const std::pair<IpAddress, IpAddress> pairs[] = {
      {ip("0.0.0.0"), ip("0.0.0.0")}, {ip("::"), ip("::")}, {ip("10.0.0.1"), ip("10.0.0.2")}};
  for (int time = 0; time < 2; ++time) {
    for (const auto& [from, to] : pairs) {
      for (uint8_t proto : {uint8_t{0}, uint8_t{6}, uint8_t{17}}) {
        for (uint16_t port = 0; port < 1000; ++port) {
          ASSERT_EQ(id.compute(proto, from, to, port, 0, 0, 0), alone(from, to, proto, port)) << port;
          ASSERT_EQ(id.compute(proto, from, to, port, 0, 0, 0), alone(from, to, proto, port)) << port;
        }
      }
    }
  }
}

TEST(CommunityId, DependsOnTheSeed) {
  CommunityId zero(0), one(1);
  std::string a(zero.compute(6, ip("10.0.0.1"), ip("10.0.0.2"), 1, 2, 0, 0));
  EXPECT_NE(one.compute(6, ip("10.0.0.1"), ip("10.0.0.2"), 1, 2, 0, 0), a);
}

}  // namespace
}  // namespace lapwing
