#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sensor/config/config.h"
#include "tests/config/text_at.h"

namespace lapwing {
namespace {

using test::text_at;
using testing::HasSubstr;

std::unique_ptr<Setting> sample() {
  return parse_yaml(
      "outputs:\n"
      "  - fast: {enabled: no}\n"
      "  - eve-log:\n"
      "      enabled: yes\n"
      "      types:\n"
      "        - alert\n"
      "        - frame: {enabled: no}\n"
      "stream: {memcap: 64mb}\n"
      "empty:\n",
      "x.yaml");
}

std::string setting_error(std::string_view assignment) {
  auto root = sample();
  try {
    set_value(*root, assignment);
  } catch (const SettingError& e) {
    return e.what();
  }
  return "(no error)";
}

TEST(SetValueTest, ReplacesAndMakesMembers) {
  auto root = sample();
  set_value(*root, "stream.memcap=1gb");
  set_value(*root, " stream.reassembly.depth = 0 ");
  set_value(*root, "app-layer.protocols.tls.ja4-fingerprints=yes");
  EXPECT_EQ(text_at(*root, "stream.memcap"), "1gb");
  EXPECT_EQ(text_at(*root, "stream.reassembly.depth"), "0");
  EXPECT_TRUE(root->find("app-layer.protocols.tls.ja4-fingerprints")->as_bool());
}

TEST(SetValueTest, TheValueMayHoldAnything) {
  auto root = sample();
  set_value(*root, "vars.address-groups.HOME_NET=[10.0.0.0/8,!10.1.0.0/16] = a=b");
  EXPECT_EQ(text_at(*root, "vars.address-groups.HOME_NET"), "[10.0.0.0/8,!10.1.0.0/16] = a=b");
  set_value(*root, "stream=");
  EXPECT_EQ(root->find("stream")->kind, Setting::Kind::scalar);
  EXPECT_EQ(text_at(*root, "stream"), "");
}

TEST(SetValueTest, ListsAreAddressedByPositionOrName) {
  auto root = sample();
  set_value(*root, "outputs.1.eve-log.types.1.frame.enabled=yes");
  set_value(*root, "outputs.fast.enabled=maybe");
  EXPECT_EQ(text_at(*root, "outputs.1.eve-log.types.1.frame.enabled"), "yes");
  EXPECT_EQ(text_at(*root, "outputs.0.fast.enabled"), "maybe");
  EXPECT_EQ(root->find("outputs")->children.size(), 2u);
}

TEST(SetValueTest, AListGrowsByThePositionAfterItsLastOrByAName) {
  auto root = sample();
  set_value(*root, "outputs.2.stats.enabled=yes");
  set_value(*root, "outputs.pcap-log.enabled=no");
  set_value(*root, "empty.0=first");
  set_value(*root, "empty.1=second");
  EXPECT_EQ(text_at(*root, "outputs.2.stats.enabled"), "yes");
  EXPECT_EQ(text_at(*root, "outputs.3.pcap-log.enabled"), "no");
  EXPECT_EQ(root->find("empty")->kind, Setting::Kind::list);
  EXPECT_EQ(text_at(*root, "empty.1"), "second");
}

TEST(SetValueTest, ABareNameInAListKeepsItsNameWhenAMemberIsSet) {
  for (auto assignment : {"outputs.1.eve-log.types.0.alert.payload=yes", "outputs.eve-log.types.alert.payload=yes"}) {
    auto root = sample();
    set_value(*root, assignment);
    EXPECT_EQ(text_at(*root, "outputs.eve-log.types.0.alert.payload"), "yes") << assignment;
    EXPECT_EQ(root->find("outputs.eve-log.types")->children.size(), 2u);
  }
}

TEST(SetValueTest, ErrorsQuoteTheAssignment) {
  EXPECT_THAT(setting_error("stream.memcap"), HasSubstr("--set stream.memcap: write key=value"));
  EXPECT_THAT(setting_error("=1"), HasSubstr("write key=value"));
  EXPECT_THAT(setting_error("a..b=1"), HasSubstr("write key=value"));
  EXPECT_THAT(setting_error("outputs.7.x=1"),
              HasSubstr("--set outputs.7.x=1: there is no member 7 in this list; the next one is 2"));
}

TEST(SetValueTest, AWrongValueIsReportedAgainstTheCommandLine) {
  auto root = sample();
  set_value(*root, "stream.memcap=lots");
  try {
    root->find("stream.memcap")->as_size();
    FAIL();
  } catch (const SettingError& e) {
    EXPECT_STREQ(e.what(), "--set stream.memcap=lots: memcap: 'lots' is not a size; write bytes, or 64kb, 16mb, 1gb");
  }
}

TEST(MergeTest, MapsAreMergedAndEverythingElseIsReplaced) {
  auto base = parse_yaml("a: {b: 1, c: {d: 2}}\nl: [1, 2]\ns: x\n", "base");
  merge(*base, parse_yaml("a: {c: {d: 3, e: 4}}\nl: [9]\ns: {t: y}\nn: z\n", "over"));
  EXPECT_EQ(text_at(*base, "a.b"), "1");
  EXPECT_EQ(text_at(*base, "a.c.d"), "3");
  EXPECT_EQ(text_at(*base, "a.c.e"), "4");
  EXPECT_EQ(base->find("l")->children.size(), 1u);
  EXPECT_EQ(text_at(*base, "s.t"), "y");
  EXPECT_EQ(text_at(*base, "n"), "z");
  EXPECT_EQ(base->find("a.c.d")->mark.file, "over");
}

}  // namespace
}  // namespace lapwing
