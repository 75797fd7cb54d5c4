// What the configuration of the whole sensor takes, and refuses with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sensor/config/config.h"
#include "sensor/pipeline/sensor_config.h"

namespace lapwing {
namespace {

TEST(SensorConfig, PortsOfTunnelsMayNameAVariable) {
  const auto root =
      parse_yaml("vars: {port-groups: {MINE: '[8472, 4790]'}}\ndecoder: {vxlan: {ports: $MINE}}\n", "a.yaml");
  const auto plan = make_decode_plan(SensorConfig::read(*root, {})->decode);
  EXPECT_TRUE(plan.vxlan.has(1, 8472) && plan.vxlan.has(4790, 1));
  EXPECT_FALSE(plan.vxlan.has(4789, 1));
}

TEST(SensorConfig, FaultsInPortsOfTunnelsSayTheirPlace) {
  for (const auto& [ports, fault] : {std::pair{"$NONE", "there is no 'NONE' in vars.port-groups"},
                                     std::pair{"70000", "'70000' is no port; write 1 to 65535"}}) {
    const auto root = parse_yaml("decoder:\n  vxlan:\n    ports: " + std::string(ports) + "\n", "a.yaml");
    try {
      SensorConfig::read(*root, {});
      ADD_FAILURE() << ports << " was taken";
    } catch (const SettingError& error) {
      EXPECT_EQ(error.where().line, 3u) << error.what();
      EXPECT_THAT(error.what(), testing::HasSubstr(fault));
    }
  }
}

}  // namespace
}  // namespace lapwing
