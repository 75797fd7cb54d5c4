#include "sensor/base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lapwing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class Mode : uint8_t { automatic, always, never };
constexpr NamedValue kModes[] = {{"auto", Mode::automatic}, {"always", Mode::always}, {"never", Mode::never}};
constexpr NamedValue kColours[] = {{"red", 1}, {"green", 2}, {"blue", 4}, {"white", 7}};

struct Config {
  bool enabled = false;
  uint64_t memcap = 0, count = 0;
  double share = 0;
  Mode mode = Mode::never;
  bool fast = false;
  uint8_t colours = 0;
  std::vector<uint16_t> order;
  std::vector<std::string> ports;
};

constexpr OptionRow<Config> kRows[] = {
    {"room.enabled", &Config::enabled, "yes", "Whether."},
    {"room.memcap", &Config::memcap, "64mb", "Memory.", Unit::bytes},
    {"room.count", &Config::count, "7", "How many.", Unit::packets},
    {"room.share", &Config::share, "0.5", "Part."},
    {"room.mode", one_of<&Config::mode>(kModes), "auto", "Which way."},
    {"room.ports", &Config::ports, "80, 443", "Where."},
    {"room.fast", one_of<&Config::fast>(kSwitchOrAuto<true>), "auto", "How."},
    {"room.colours", some_of<&Config::colours>(kColours), "red,blue", "What."},
    {"room.order", some_of<&Config::order>(kColours), "[]", "In which order."},
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
  EXPECT_EQ(config.mode, Mode::automatic);
  EXPECT_THAT(config.ports, ElementsAre("80", "443"));
  EXPECT_TRUE(config.fast);
  EXPECT_EQ(config.colours, 5);
  EXPECT_THAT(config.order, IsEmpty());
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
  EXPECT_EQ(config.mode, Mode::never);
  EXPECT_THAT(config.ports, ElementsAre("53"));
  EXPECT_THAT(root.unused(), IsEmpty());
}

TEST(OptionsTest, NamesStandForValuesWhateverTheirCase) {
  Setting root;
  set(root, "room.mode", "Always");
  set(root, "room.fast", "OFF");
  set(root, "room.colours", "White");
  set(root, "room.order", "blue, RED");
  const Config config = read(root);
  EXPECT_EQ(config.mode, Mode::always);
  EXPECT_FALSE(config.fast);
  EXPECT_EQ(config.colours, 7);
  EXPECT_THAT(config.order, ElementsAre(4, 1));
}

TEST(OptionsTest, ANameThatIsNoneIsReportedWithItsOwnPlace) {
  Setting root;
  Setting& list = root.make("room.colours");
  list.kind = Setting::Kind::list;
  for (uint32_t line : {3u, 4u}) {
    Setting& item = list.add({}, {"f", line, 7});
    item.kind = Setting::Kind::scalar;
    item.scalar = line == 3 ? "red" : "yellow";
  }
  try {
    read(root);
    FAIL();
  } catch (const SettingError& e) {
    EXPECT_STREQ(e.what(), "f:4:7: 'yellow' is none of red, green, blue, white");
  }
}

TEST(OptionsTest, AKeyWithoutAValueTakesItsDefault) {
  Setting root;
  root.make("room.memcap");
  EXPECT_EQ(read(root).memcap, 64u << 20);
}

TEST(OptionsTest, WrongValuesAreReportedWithPlaceAndRemedy) {
  EXPECT_EQ(error_with("room.enabled", "perhaps"), "f:9:1: enabled: 'perhaps' is not a switch; write yes or no");
  EXPECT_EQ(error_with("room.mode", "perhaps"), "f:9:1: mode: 'perhaps' is none of auto, always, never");
  EXPECT_THAT(error_with("room.count", "1kb"), HasSubstr("not a whole number"));
  EXPECT_THAT(error_with("room.ports.x", "1"), HasSubstr("a list is expected here"));
}

TEST(OptionsTest, DescriptionsCarryTypeDefaultAndHelp) {
  auto infos = describe_options<Config>(kRows);
  ASSERT_EQ(infos.size(), 9u);
  EXPECT_EQ(infos[0].type, "switch");
  EXPECT_EQ(infos[1].type, "bytes");
  EXPECT_EQ(infos[2].type, "packets");
  EXPECT_EQ(infos[3].type, "number");
  EXPECT_EQ(infos[4].type, "text");
  EXPECT_EQ(infos[4].choices, "auto|always|never");
  EXPECT_EQ(infos[7].type, "list");
  EXPECT_EQ(infos[7].choices, "red|green|blue|white");
  EXPECT_EQ(infos[5].type, "list");
  EXPECT_EQ(infos[5].fallback, "80, 443");
  EXPECT_EQ(infos[5].help, "Where.");
}

}  // namespace
}  // namespace lapwing
