#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sensor/config/config.h"

namespace lapwing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> kKnownPaths = {"stream.memcap", "stream.reassembly.depth", "stream.reassembly.memcap",
                                              "flow.memcap", "vars.address-groups"};

std::vector<std::string> paths(const std::vector<UnusedKey>& keys) {
  std::vector<std::string> out;
  for (const auto& key : keys) out.push_back(key.path);
  return out;
}

TEST(UnusedKeysTest, OutermostUnreadKeysByPath) {
  auto root = parse_yaml("a: {b: 1, c: {d: 2, e: 3}}\nl:\n  - x: {on: 1, off: 2}\n  - y\nrest: {z: 1}\n", "f");
  root->find("a.c.d");
  root->find("l.x.on");
  EXPECT_THAT(paths(unused_keys(*root)), ElementsAre("a.b", "a.c.e", "l.x.off", "l.y", "rest"));
  root->use_all();
  EXPECT_THAT(unused_keys(*root), IsEmpty());
}

TEST(UnknownKeysTest, TheNearestKnownKeyIsProposed) {
  auto root = parse_yaml("stream:\n  memcpa: 1\n  reasembly: {depth: 2}\n", "f.yaml");
  root->find("stream");
  EXPECT_THAT(unknown_key_messages(*root, kKnownPaths),
              ElementsAre("f.yaml:2:11: unknown setting 'stream.memcpa'; did you mean 'stream.memcap'?",
                          "f.yaml:3:14: unknown setting 'stream.reasembly'; did you mean 'stream.reassembly'?"));
}

TEST(UnknownKeysTest, ARightNameInTheWrongPlaceIsProposedToo) {
  auto root = parse_yaml("depth: 1\nnothing-like-it: 2\n", "f.yaml");
  EXPECT_THAT(unknown_key_messages(*root, kKnownPaths),
              ElementsAre("f.yaml:1:8: unknown setting 'depth'; did you mean 'stream.reassembly.depth'?",
                          "f.yaml:2:18: unknown setting 'nothing-like-it'"));
}

TEST(UnknownKeysTest, NamesThatSuricataHasNowhereAreToldWithinItsGroups) {
  auto root = parse_yaml(
      "logging:\n  default-log-levle: info\n  outputs:\n    - console: {enbled: yes}\n"
      "af-packet:\n  - interface: eth0\n    clutser-id: 99\n"
      "outputs: [{fast: {enabled: yes, filenaem: x}}]\n"
      "profiling: {enabled: no, ruels: 1}\nvars: {port-groups: {ANY_NAME: 1}}\n",
      "f.yaml");
  EXPECT_THAT(unknown_key_messages(*root, kKnownPaths),
              ElementsAre("f.yaml:2:22: unknown setting 'logging.default-log-levle'; did you mean 'default-log-level'?",
                          "f.yaml:4:25: unknown setting 'logging.outputs.0.console.enbled'; did you mean 'enabled'?",
                          "f.yaml:7:17: unknown setting 'af-packet.0.clutser-id'; did you mean 'cluster-id'?",
                          "f.yaml:8:43: unknown setting 'outputs.0.fast.filenaem'; did you mean 'filename'?"));
}

TEST(UnknownKeysTest, ThePlaceIsThatOfTheKey) {
  const std::string path = testing::TempDir() + "places.yaml";
  std::ofstream(path)
      << "stream:\n  memcpa:\n    - 1\noutputs:\n  - eve-log:\n      typs: [dns]\nlogging: {levle: 1}\nflow:\n";
  auto root = read_yaml(path);
  const auto places = read_key_places(path);
  root->find("stream");
  root->find("outputs.eve-log");
  std::vector<std::string> marks;
  for (const UnusedKey& key : unused_keys(*root, places.get())) marks.push_back(to_string(key.mark));
  EXPECT_THAT(marks, ElementsAre(path + ":2:3", path + ":6:7", path + ":7:1", path + ":8:1"));
  EXPECT_THAT(unknown_key_messages(*root, kKnownPaths, places.get()).back(),
              HasSubstr(":7:11: unknown setting 'logging.levle'"));
  std::filesystem::remove(path);
}

TEST(UnknownKeysTest, KnownKeysNobodyReadAndWhatIsBelowThemAreNoErrors) {
  auto root = parse_yaml("flow: {memcap: 1}\nvars: {address-groups: {HOME_NET: any}}\nlogging: {level: 1}\n", "f");
  root->find("vars.address-groups");
  EXPECT_THAT(unknown_key_messages(*root, kKnownPaths), IsEmpty());
}

TEST(UnknownKeysTest, NamesOfVariablesAreTheOperatorsWhateverOfThemWasRead) {
  auto root = parse_yaml(
      "vars:\n  address-groups: {HOME_NET: any, MY_LAB: any}\n  port-groups: {MY_PORTS: 80}\n  adress-groups: {A: "
      "any}\n",
      "f");
  root->find("vars.address-groups.HOME_NET");
  root->find("vars.port-groups");
  EXPECT_THAT(unknown_key_messages(*root, kKnownPaths),
              ElementsAre(HasSubstr("unknown setting 'vars.adress-groups'; did you mean 'address-groups'?")));
}

TEST(UnsupportedKeysTest, OneShortSentenceByTopicLeavingOutWhatIsOff) {
  auto root = parse_yaml(
      "logging: {level: info}\naf-packet: [{interface: eth0}]\nstream: {memcap: 1}\n"
      "outputs: [{http-log: {enabled: no}}, {syslog: {enabled: yes}}]\nluajit:\n",
      "f");
  root->find("stream.memcap");
  root->find("outputs");
  EXPECT_EQ(unsupported_keys_message(*root),
            "settings of Suricata without effect here: logging (logging); capture tuning (af-packet); outputs "
            "(outputs.syslog)");
  root->use_all();
  EXPECT_EQ(unsupported_keys_message(*root), "");
}

TEST(UnsupportedKeysTest, LongListsAreCut) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "    p" + std::to_string(i) + ": {enabled: yes}\n";
  auto root = parse_yaml("app-layer:\n  protocols:\n" + text, "f");
  root->find("app-layer.protocols");
  std::string message = unsupported_keys_message(*root);
  EXPECT_LT(message.size(), 250u);
  EXPECT_THAT(message, HasSubstr(", ...)"));
  EXPECT_THAT(message, Not(HasSubstr("p39")));
}

}  // namespace
}  // namespace lapwing
