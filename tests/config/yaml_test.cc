#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sensor/config/config.h"
#include "tests/config/text_at.h"

namespace lapwing {
namespace {

using test::text_at;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string parse_error(std::string_view text) {
  try {
    parse_yaml(text, "/etc/x.yaml");
  } catch (const SettingError& e) {
    return e.what();
  }
  return "(no error)";
}

TEST(YamlTest, EveryNodeKnowsItsPlace) {
  auto root = parse_yaml("%YAML 1.1\n---\nstream:\n  depth: 1mb\n  list: [a, b]\n", "x.yaml");
  EXPECT_EQ(to_string(root->find("stream.depth")->mark), "x.yaml:4:10");
  EXPECT_EQ(to_string(root->find("stream.list.1")->mark), "x.yaml:5:13");
  EXPECT_EQ(to_string(root->find("stream")->mark), "x.yaml:4:3");
}

TEST(YamlTest, TabsThatIndentAreToldAsSuch) {
  EXPECT_THAT(parse_error("stream:\n\tmemcap: 1mb\n"),
              HasSubstr("/etc/x.yaml:2:1: a tab; YAML is indented with spaces"));
  EXPECT_THAT(parse_error("outputs:\n\t- eve-log:\n"), HasSubstr("/etc/x.yaml:2:1: a tab"));
  EXPECT_THAT(parse_error("a:\n  b: 1\n  \tc: 2\n"), HasSubstr("/etc/x.yaml:3:3: a tab"));
  EXPECT_THAT(parse_error("a: [1,\n\t2]\n\n\nb: {\n"), testing::Not(HasSubstr("a tab")));
}

TEST(YamlTest, SwitchesNullsAndQuotedTextKeepTheirText) {
  auto root = parse_yaml("a: yes\nb: 'no'\nc: ~\nd:\ne: \"null\"\nf: 0x10\n", "x.yaml");
  EXPECT_TRUE(root->find("a")->as_bool());
  EXPECT_FALSE(root->find("b")->as_bool());
  EXPECT_EQ(root->find("c")->kind, Setting::Kind::null);
  EXPECT_EQ(root->find("d")->kind, Setting::Kind::null);
  EXPECT_EQ(root->find("d")->mark.line, 4u);
  EXPECT_EQ(root->find("e")->as_text(), "null");
  EXPECT_EQ(root->find("f")->as_text(), "0x10");
}

TEST(YamlTest, MembersOfListsAreFoundByPositionKeyOrText) {
  auto root = parse_yaml(
      "outputs:\n  - fast:\n      enabled: no\n  - eve-log:\n      types: [dns, {tls: {extended: yes}}]\n", "x");
  EXPECT_EQ(text_at(*root, "outputs.0.fast.enabled"), "no");
  EXPECT_EQ(text_at(*root, "outputs.fast.enabled"), "no");
  EXPECT_EQ(text_at(*root, "outputs.eve-log.types.dns"), "dns");
  EXPECT_EQ(text_at(*root, "outputs.eve-log.types.tls.extended"), "yes");
  EXPECT_EQ(text_at(*root, "outputs.eve-log.types.1.tls.extended"), "yes");
  EXPECT_EQ(root->find("outputs.2"), nullptr);
  EXPECT_EQ(root->find("outputs.eve"), nullptr);
  EXPECT_EQ(root->find("outputs.eve-log.types.dns.x"), nullptr);
}

TEST(YamlTest, ASectionGivenTwiceIsReplacedWithAWarning) {
  Warnings warnings;
  auto root = parse_yaml("a:\n  b: 1\n  c: 2\na:\n  d: 3\n", "x.yaml", &warnings);
  EXPECT_EQ(root->find("a.b"), nullptr);
  EXPECT_EQ(text_at(*root, "a.d"), "3");
  EXPECT_THAT(warnings, ElementsAre("x.yaml:4:1: 'a' is given twice; the one at x.yaml:2:3 is forgotten"));
}

TEST(YamlTest, ADottedKeySetsThatMemberOnly) {
  auto root =
      parse_yaml("stream:\n  memcap: 1\n  reassembly: {depth: 2}\nstream.reassembly.depth: 3\nnew.key: 4\n", "x");
  EXPECT_EQ(text_at(*root, "stream.memcap"), "1");
  EXPECT_EQ(text_at(*root, "stream.reassembly.depth"), "3");
  EXPECT_EQ(text_at(*root, "new.key"), "4");
  EXPECT_THAT(root->children, SizeIs(2));
}

TEST(YamlTest, UnderscoresAreHyphensExceptInVariables) {
  Warnings warnings;
  auto root =
      parse_yaml("checksum_validation: yes\nvars:\n  address-groups:\n    HOME_NET: any\n", "x.yaml", &warnings);
  EXPECT_EQ(text_at(*root, "checksum-validation"), "yes");
  EXPECT_EQ(text_at(*root, "vars.address-groups.HOME_NET"), "any");
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("x.yaml:1:1: 'checksum_validation' is read as 'checksum-validation'")));
}

TEST(YamlTest, AnchorsAliasesAndMergeKeysAreFollowed) {
  auto root = parse_yaml("base: &b {p: 1, q: 2}\ncopy: *b\nown:\n  p: 3\n  <<: *b\n", "x");
  EXPECT_EQ(text_at(*root, "copy.q"), "2");
  EXPECT_EQ(text_at(*root, "own.p"), "3");
  EXPECT_EQ(text_at(*root, "own.q"), "2");
}

TEST(YamlTest, ErrorsNameThePlace) {
  EXPECT_THAT(parse_error("a: [1, 2\nb: 3\n"), HasSubstr("/etc/x.yaml:2:"));
  EXPECT_THAT(parse_error("a:\n\t- b\n"), HasSubstr("/etc/x.yaml:2:"));
  EXPECT_THAT(parse_error("- a\n- b\n"), HasSubstr("/etc/x.yaml:1:1: a map of settings is expected"));
  EXPECT_THAT(parse_error("a: 1\n---\nb: 2\n"), HasSubstr("/etc/x.yaml:2:1: a second document"));
  EXPECT_THAT(parse_error(", : 1\n"), HasSubstr("/etc/x.yaml:1:1: this is no YAML"));
  EXPECT_EQ(parse_error("# first\n---\na: 1\n...\n"), "(no error)");
  EXPECT_THAT(parse_error("a: *nobody\n"), HasSubstr("/etc/x.yaml:1:"));
  EXPECT_THAT(parse_error("include: [none.yaml]\n"), HasSubstr("/etc/x.yaml:1:11: cannot read '/etc/none.yaml'"));
}

TEST(YamlTest, HarmfulAliasesAreRefused) {
  EXPECT_THAT(parse_error("a: &x [*x]\n"), HasSubstr("/etc/x.yaml:1:"));
  std::string text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string below = "*l" + std::to_string(i - 1), name = "l" + std::to_string(i);
    text += name + ": &" + name + " [" + below;
    for (int j = 1; j < 10; ++j) text += ", " + below;
    text += "]\n";
  }
  EXPECT_THAT(parse_error(text), HasSubstr("more than a hundred thousand settings"));
}

TEST(YamlTest, EmptyTextIsAnEmptyMap) {
  for (auto text : {"", "---\n", "# nothing\n", "~\n"}) {
    auto root = parse_yaml(text, "x");
    EXPECT_EQ(root->kind, Setting::Kind::map);
    EXPECT_THAT(root->children, SizeIs(0));
  }
}

class YamlFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "yamlXXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  std::filesystem::path folder_;
};

TEST_F(YamlFileTest, IncludedFilesLieBesideTheMainFile) {
  write("sub/one.yaml", "%YAML 1.1\n---\nfrom-one: 1\nstream: {depth: 1}\ninclude: two.yaml\n");
  write("two.yaml", "from-two: 2\n");
  auto main =
      write("main.yaml",
            "include: [sub/one.yaml]\nnested:\n  include: two.yaml\ntagged: !include two.yaml\nstream: {memcap: 3}\n");
  Warnings warnings;
  auto root = read_yaml(main, &warnings);
  EXPECT_EQ(text_at(*root, "from-one"), "1");
  EXPECT_EQ(text_at(*root, "from-two"), "2");
  EXPECT_EQ(text_at(*root, "nested.from-two"), "2");
  EXPECT_EQ(text_at(*root, "tagged.from-two"), "2");
  EXPECT_EQ(root->find("stream.depth"), nullptr);
  EXPECT_EQ(text_at(*root, "stream.memcap"), "3");
  EXPECT_EQ(root->find("from-one")->mark.file, (folder_ / "sub/one.yaml").string());
  EXPECT_THAT(warnings, SizeIs(1));
}

TEST_F(YamlFileTest, FilesThatIncludeEachOtherAreRefused) {
  auto main = write("main.yaml", "include: main.yaml\n");
  EXPECT_THROW(read_yaml(main), SettingError);
}

TEST_F(YamlFileTest, MissingFilesAndDirectoriesAreRefusedByName) {
  try {
    read_yaml(folder_ / "none.yaml");
    FAIL();
  } catch (const SettingError& e) {
    EXPECT_THAT(e.what(), HasSubstr("none.yaml': No such file or directory"));
  }
  EXPECT_THROW(read_yaml(folder_.string()), SettingError);
}

}  // namespace
}  // namespace lapwing
