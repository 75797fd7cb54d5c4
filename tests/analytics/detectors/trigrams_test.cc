#include "analytics/detectors/trigrams.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/analytics/detectors/dns_scene.h"

namespace lapwing::analytics {
namespace {

TEST(Surprise, IsLessForNamesThatPeopleGive) {
  for (std::string_view name : {"wikipedia", "example", "openstreetmap", "debian", "stackoverflow", "mountain-view"}) {
    ASSERT_TRUE(surprise(name)) << name;
    EXPECT_LT(*surprise(name), 85) << name;
  }
  for (std::string_view name : {"qxkvjzwpt", "a8f3c91be7d2", "xkcdqzvbnm", "0182736455"}) {
    ASSERT_TRUE(surprise(name)) << name;
    EXPECT_GT(*surprise(name), 100) << name;
  }
}

TEST(Surprise, IsNotKnownOfWhatIsNoName) {
  for (std::string_view name : {"", "short", "xn--mnchen-3ya", "under_score", "with.dot", "UPPER",
                                "b\xfc"
                                "cherei"}) {
    EXPECT_FALSE(surprise(name)) << name;
  }
  EXPECT_TRUE(surprise(std::string(63, 'q')));
  EXPECT_TRUE(surprise(std::string(4000, '-')));
}

TEST(Surprise, LimitsFallWithTheirNumber) {
  EXPECT_EQ(surprise_limit(0), UINT16_MAX);
  EXPECT_EQ(surprise_limit(5), UINT16_MAX);
  for (uint32_t names = 6; names < 100; ++names) EXPECT_LE(surprise_limit(names + 1), surprise_limit(names));
}

}  // namespace
}  // namespace lapwing::analytics
