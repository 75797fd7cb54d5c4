#include "sensor/base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lapwing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Config {
  bool enabled = false;
  uint64_t memcap = 0, count = 0;
  double share = 0;
  std::string mode;
  std::vector<std::string> ports;
};

constexpr OptionRow<Config> kRows[] = {
    {"room.enabled", &Config::enabled, "yes", "Whether."},
    {"room.memcap", &Config::memcap, "64mb", "Memory.", Unit::bytes},
    {"room.count", &Config::count, "7", "How many.", Unit::packets},
    {"room.share", &Config::share, "0.5", "Part."},
    {"room.mode", &Config::mode, "auto", "Which way.", Unit::none, "auto|always|never"},
    {"room.ports", &Config::ports, "80, 443", "Where."},
};

Config read(const Setting& root) {
  return read_options<Config>(root, kRows);
}

void set(Setting& root, std::string_view key, const std::string& text) {
  Setting& node = root.make(key, {"f", 9, 1});
  node.kind = Setting::Kind::scalar;
  node.scalar = text;
}

std::string error_with(std::string_view key, const std::string& text) {
  Setting root;
  set(root, key, text);
  try {
    read(root);
  } catch (const SettingError& e) {
    return e.what();
  }
  return "(no error)";
}

TEST(OptionsTest, MissingKeysTakeTheirDefaults) {
  Config config = read(Setting());
  EXPECT_TRUE(config.enabled);
  EXPECT_EQ(config.memcap, 64u << 20);
  EXPECT_EQ(config.count, 7u);
  EXPECT_DOUBLE_EQ(config.share, 0.5);
  EXPECT_EQ(config.mode, "auto");
  EXPECT_THAT(config.ports, ElementsAre("80", "443"));
}

TEST(OptionsTest, KeysOfTheTreeWinAndAreUsed) {
  Setting root;
  set(root, "room.enabled", "no");
  set(root, "room.memcap", "1kb");
  set(root, "room.mode", "never");
  Setting& ports = root.make("room.ports");
  ports.kind = Setting::Kind::list;
  ports.add({}).scalar = "53";
  ports.children[0]->kind = Setting::Kind::scalar;
  Config config = read(root);
  EXPECT_FALSE(config.enabled);
  EXPECT_EQ(config.memcap, 1024u);
  EXPECT_EQ(config.mode, "never");
  EXPECT_THAT(config.ports, ElementsAre("53"));
  EXPECT_THAT(root.unused(), IsEmpty());
}

TEST(OptionsTest, AKeyWithoutAValueTakesItsDefault) {
  Setting root;
  root.make("room.memcap");
  EXPECT_EQ(read(root).memcap, 64u << 20);
}

TEST(OptionsTest, WrongValuesAreReportedWithPlaceAndRemedy) {
  EXPECT_EQ(error_with("room.enabled", "perhaps"), "f:9:1: enabled: 'perhaps' is not a switch; write yes or no");
  EXPECT_EQ(error_with("room.mode", "Auto"), "f:9:1: mode: 'Auto' is none of auto, always, never");
  EXPECT_THAT(error_with("room.count", "1kb"), HasSubstr("not a whole number"));
  EXPECT_THAT(error_with("room.ports.x", "1"), HasSubstr("a list is expected here"));
}

TEST(OptionsTest, DescriptionsCarryTypeDefaultAndHelp) {
  auto infos = describe_options<Config>(kRows);
  ASSERT_EQ(infos.size(), 6u);
  EXPECT_EQ(infos[0].type, "switch");
  EXPECT_EQ(infos[1].type, "bytes");
  EXPECT_EQ(infos[2].type, "packets");
  EXPECT_EQ(infos[3].type, "number");
  EXPECT_EQ(infos[4].choices, "auto|always|never");
  EXPECT_EQ(infos[5].type, "list");
  EXPECT_EQ(infos[5].fallback, "80, 443");
  EXPECT_EQ(infos[5].help, "Where.");
}

}  // namespace
}  // namespace lapwing
