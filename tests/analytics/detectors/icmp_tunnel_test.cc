#include "analytics/detectors/icmp_tunnel.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/analytics/detectors/packet_scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::Scene;

class IcmpTunnelTest : public testing::Test {
 protected:
  void echo(double at, bool reply, uint16_t seq, const std::vector<uint8_t>& data) {
    std::vector<uint8_t> bytes = {static_cast<uint8_t>(reply ? 0 : 8), 0, 0, 0, 0, 7, static_cast<uint8_t>(seq >> 8),
                                  static_cast<uint8_t>(seq & 255)};
    bytes.insert(bytes.end(), data.begin(), data.end());
    show_packet(scene_.at(at), "icmp", bytes, 4, reply ? "203.0.113.9" : "10.0.0.5",
                reply ? "10.0.0.5" : "203.0.113.9");
  }
  /// The time in front, then a pattern, as ping sends it.
  static std::vector<uint8_t> measurement(int number, size_t size) {
    std::vector<uint8_t> out(size);
    for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(i < 24 ? number * 37 + i : i);
    return out;
  }
  std::vector<uint8_t> noise(size_t size) {
    std::vector<uint8_t> out(size);
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(dice_.below(256));
    return out;
  }
  std::vector<Behaviour> found() const { return scene_.found(*detector<IcmpTunnel>().read(OptionSource())); }
  Scene scene_;
  Dice dice_{1};
};

TEST_F(IcmpTunnelTest, RepliesSaySomethingElse) {
  for (uint16_t i = 0; i < 30; ++i) {
    echo(i * 2, false, i, noise(40 + dice_.below(900)));
    echo(i * 2 + 1.2, true, i, noise(121));
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].subject, "10.0.0.5");
  EXPECT_EQ(all[0].objects, std::vector<std::string>{"203.0.113.9"});
  EXPECT_EQ(all[0].severity, 75);
}

TEST_F(IcmpTunnelTest, RequestsNeverRepeatThoughTheyAreEchoed) {
  for (uint16_t i = 0; i < 40; ++i) {
    const auto data = noise(200);
    echo(i, false, i, data);
    echo(i + 0.01, true, i, data);
  }
  EXPECT_FALSE(found().empty());
}

TEST_F(IcmpTunnelTest, MoreRepliesThanRequests) {
  for (uint16_t i = 0; i < 40; ++i) {
    if (i % 8 == 0) echo(i, false, i, noise(40));
    echo(i + 0.5, true, static_cast<uint16_t>(1000 + i), noise(300));
  }
  EXPECT_FALSE(found().empty());
}

TEST_F(IcmpTunnelTest, RepliesThatNobodyAskedForNeverRepeat) {
  for (uint16_t i = 0; i < 40; ++i) echo(i, true, i, noise(200));
  EXPECT_FALSE(found().empty());
}

TEST_F(IcmpTunnelTest, PollsThatAreEmptyButForCommandsAndTheirOutput) {
  for (uint16_t i = 0; i < 200; ++i) {
    const bool command = i == 40, output = i > 40 && i <= 60;
    echo(i * 0.2, false, i, output ? noise(64) : noise(0));
    echo(i * 0.2 + 0.03, true, i, command ? noise(8) : noise(0));
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().count, 41U) << "of those that carry something";
  EXPECT_NE(all.back().evidence.find(R"("emptied":20,"grown":true)"), std::string::npos) << all.back().evidence;
}

// Look-alikes.

TEST_F(IcmpTunnelTest, RepliesThatDropWhatWasSent) {
  for (uint16_t i = 0; i < 60; ++i) {
    echo(i, false, i, measurement(i, i % 2 ? 56 : 0));
    echo(i + 0.02, true, i, {});
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(IcmpTunnelTest, Ping) {
  for (size_t size : {32, 56, 1400}) {
    for (uint16_t i = 0; i < 300; ++i) {
      echo(i, false, i, measurement(i, size));
      if (i % 5 != 0) echo(i + 0.02, true, i, measurement(i, size));
    }
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(IcmpTunnelTest, SizesThatLookForThePathsLimit) {
  for (uint16_t i = 0; i < 60; ++i) {
    echo(i, false, i, measurement(i, 64 + 24 * i));
    echo(i + 0.02, true, i, measurement(i, 64 + 24 * i));
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(IcmpTunnelTest, RepliesThatAreCut) {
  for (uint16_t i = 0; i < 60; ++i) {
    echo(i, false, i, measurement(i, 1000));
    echo(i + 0.02, true, i, measurement(i, 64));
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(IcmpTunnelTest, RequestsForgottenBeforeTheirReplyAreCounted) {
  for (uint16_t i = 0; i < 40; ++i) echo(i * 0.1, false, i, measurement(i, 56));
  const auto forgotten = [&] {
    return scene_.count(*detector<IcmpTunnel>().read(OptionSource()), "analytics.icmp-tunnel.requests_max");
  };
  EXPECT_EQ(forgotten(), 8U);
  for (uint16_t i = 8; i < 40; ++i) echo(5 + i * 0.01, true, i, measurement(i, 56));
  for (uint16_t i = 40; i < 60; ++i) echo(6 + i * 0.01, false, i, measurement(i, 56));
  EXPECT_EQ(forgotten(), 8U) << "those that come then push out answered ones";
}

TEST_F(IcmpTunnelTest, OneSideAlone) {
  for (uint16_t i = 0; i < 200; ++i) echo(i, true, i, measurement(i, 56));
  EXPECT_TRUE(found().empty());
}

}  // namespace
}  // namespace lapwing::analytics
