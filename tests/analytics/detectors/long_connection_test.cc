#include "analytics/detectors/long_connection.h"

#include <gtest/gtest.h>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

class LongConnectionTest : public testing::Test {
 protected:
  std::vector<Behaviour> found() const { return scene_.found(*detector<LongConnection>().read(OptionSource())); }
  void keep(const test::Ends& ends, int minutes, uint64_t bytes, std::string_view application = "",
            std::string_view protocol = "", std::string_view host = "") {
    FlowRef flow = scene_.at(0).flow(ends);
    flow.protocol = protocol;
    flow.host = host;
    flow.application = application;
    for (int i = 1; i <= minutes; ++i) {
      scene_.at(60.0 * i).tell(flow, {.moment = i == minutes ? FlowMoment::closed : FlowMoment::tick,
                                      .bytes = {bytes, bytes},
                                      .all_packets = {9, 9}});
    }
  }
  Scene scene_;
};

TEST_F(LongConnectionTest, OfAnUnknownProtocolForAnHour) {
  keep({"10.0.0.7", "198.51.100.9", 443}, 120, 100);
  const auto all = found();
  ASSERT_GE(all.size(), 2U);
  EXPECT_EQ(all.front().severity, 45);
  EXPECT_EQ(all.front().confidence, 70);
  EXPECT_EQ(all.back().count, 7200U);
}

TEST_F(LongConnectionTest, KnownOnesMayLastLonger) {
  keep({"10.0.0.7", "198.51.100.9", 443}, 59, 100);
  keep({"10.0.0.7", "198.51.100.9", 443}, 700, 100, "TLS");
  keep({"10.0.0.7", "10.0.0.9", 443}, 1400, 100);
  EXPECT_TRUE(found().empty());
  keep({"10.0.0.8", "198.51.100.9", 443}, 721, 100, "TLS");
  EXPECT_FALSE(found().empty());
}

/// Pushes, telephones and mail that is waited for.
TEST_F(LongConnectionTest, NotOfWhatWaitsByItsNature) {
  constexpr int kDays = 3 * 1440;
  keep({"10.0.0.1", "198.51.100.9", 5060, 17, 5060}, kDays, 100, "SIP");
  keep({"10.0.0.2", "198.51.100.9", 8883}, kDays, 100, "TLS", "tls");
  keep({"10.0.0.3", "198.51.100.9", 993}, kDays, 100, "TLS.IMAPS", "tls");
  EXPECT_TRUE(found().empty());
  keep({"10.0.0.4", "198.51.100.9", 8883}, kDays, 100);
  const auto all = found();
  ASSERT_FALSE(all.empty()) << "by a protocol that nobody knows";
  for (const Behaviour& one : all) EXPECT_EQ(one.subject, "10.0.0.4");
}

TEST_F(LongConnectionTest, WhereAProxyInsideIsToldToConnect) {
  keep({"10.0.0.7", "10.0.0.3", 3128}, 721, 100, "HTTP_Connect.TLS", "http", "c2.example.net");
  keep({"10.0.0.8", "10.0.0.3", 3128}, 721, 100, "HTTP_Connect", "http", "203.0.113.9");
  const auto all = found();
  ASSERT_FALSE(all.empty());
  for (const Behaviour& one : all) {
    EXPECT_EQ(one.objects.at(0), one.subject == "10.0.0.7" ? "example.net" : "203.0.113.9");
    EXPECT_EQ(one.objects.at(1), "10.0.0.3:3128");
    EXPECT_EQ(one.attack.size(), 1U) << "its port is that of the proxy";
  }
  keep({"10.0.0.9", "10.0.0.3", 3128}, 721, 100, "HTTP_Connect", "http", "10.0.0.99");
  keep({"10.0.0.9", "10.0.0.3", 8080}, 721, 100, "HTTP", "http", "example.org");
  for (const Behaviour& one : found()) EXPECT_NE(one.subject, "10.0.0.9") << "what it calls is inside";
}

TEST_F(LongConnectionTest, NotWhereOthersLastAsLong) {
  for (int i = 0; i < 250; ++i) {
    keep({"10.0.1." + std::to_string(i), "198.51.100.9", 4000, 6, static_cast<uint16_t>(1000 + i)}, 50, 100);
  }
  keep({"10.0.0.7", "198.51.100.9", 4000}, 62, 100);
  EXPECT_TRUE(found().empty());
}

}  // namespace
}  // namespace lapwing::analytics
