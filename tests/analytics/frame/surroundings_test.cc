// Which addresses are inside, and which are of many.
#include "analytics/frame/surroundings.h"

#include <gtest/gtest.h>

#include "tests/analytics/frame/address.h"

namespace lapwing::analytics {
namespace {

using test::ip;
TEST(Networks, ContainByWholePrefixes) {
  const Networks networks({"10.0.0.0/8", "192.0.2.128/25", "203.0.113.7", "fd00::/8", "2001:db8::/33"}, nullptr);
  for (const char* inside : {"10.255.0.1", "192.0.2.128", "192.0.2.255", "203.0.113.7", "fd12::1", "2001:db8::1"}) {
    EXPECT_TRUE(networks.contain(ip(inside))) << inside;
  }
  for (const char* outside : {"11.0.0.1", "192.0.2.127", "203.0.113.6", "fe00::1", "2001:db8:8000::1"}) {
    EXPECT_FALSE(networks.contain(ip(outside))) << outside;
  }
  EXPECT_TRUE(Networks({"0.0.0.0/0"}, nullptr).contain(ip("198.51.100.1")));
  EXPECT_FALSE(Networks({"0.0.0.0/0"}, nullptr).contain(ip("2001:db8::1"))) << "of the other version";
}

TEST(Networks, RefuseWhatIsNone) {
  for (const char* wrong : {"", "10", "10.0.0.0/33", "10.0.0.0/x", "fd00::/129", "host"}) {
    EXPECT_THROW(Networks({wrong}, nullptr), SettingError) << wrong;
  }
}

TEST(Surroundings, TablesHaveFixedPartsOfMemory) {
  const Surroundings usual{}, small{.memory = Surroundings::kLeastMemory}, large{.memory = Surroundings::kMostMemory};
  EXPECT_EQ(usual.part(196'608), 196'608U);
  EXPECT_EQ(small.part(196'608), 3'072U);
  EXPECT_EQ(large.part(196'608), 3'145'728U);
}

TEST(ToMany, MulticastAndBroadcast) {
  for (const char* many : {"224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::fb"}) {
    EXPECT_TRUE(to_many(ip(many))) << many;
  }
  for (const char* one : {"223.255.255.255", "240.0.0.1", "255.255.255.254", "fe80::1"}) {
    EXPECT_FALSE(to_many(ip(one))) << one;
  }
}

}  // namespace
}  // namespace lapwing::analytics
