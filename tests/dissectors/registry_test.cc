#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "dissectors/dissector.h"

namespace lapwing {
namespace {

TEST(Registry, NamesAreUniqueAndAgree) {
  std::set<std::string_view> names;
  for (const auto& row : dissectors()) {
    EXPECT_TRUE(names.insert(row.about->name).second) << row.about->name;
    EXPECT_EQ(row.about->name, row.protocol->name);
    EXPECT_FALSE(row.about->help.empty()) << row.about->name;
    EXPECT_NE(row.about->transports, 0) << row.about->name;
    EXPECT_GT(row.protocol->in_alert.size(), 0u) << row.about->name;
  }
  EXPECT_TRUE(names.contains("dns"));
}

TEST(Registry, FieldsAreUniqueAndDescribed) {
  for (const auto& row : dissectors()) {
    std::set<std::string_view> own;
    for (const auto& field : row.protocol->fields) {
      EXPECT_TRUE(own.insert(field.name).second) << field.name;
      for (auto alias : field.sticky_aliases) {
        EXPECT_TRUE(alias.empty() || own.insert(alias).second) << alias;
      }
      EXPECT_TRUE(field.paths[0].found() || field.paths[1].found()) << field.name;
      EXPECT_FALSE(field.help.empty()) << field.name;
      EXPECT_GT(field.stage, 0) << field.name << " would be read before anything is known";
    }
  }
}

TEST(Registry, AnomalyNamesAreUniqueWithinAProtocol) {
  for (const auto& row : dissectors()) {
    std::set<std::string_view> names(row.protocol->anomalies.begin(), row.protocol->anomalies.end());
    EXPECT_EQ(names.size(), row.protocol->anomalies.size()) << row.about->name;
  }
}

TEST(Registry, DefaultsOfEveryOptionAreValid) {
  for (const auto& row : dissectors()) {
    Setting root;
    root.kind = Setting::Kind::map;
    EXPECT_NO_THROW(row.configure(root)) << row.about->name;
    for (const auto& option : row.options()) {
      EXPECT_NE(option.key.find('.'), std::string::npos) << option.key;
      EXPECT_FALSE(option.help.empty()) << option.key;
    }
  }
}

/// One fuzz target per row: the build file cannot read the registry, so this test reads the build file.
TEST(Registry, EveryDissectorIsFuzzed) {
  std::ifstream file("tests/dissectors/meson.build");
  ASSERT_TRUE(file) << "run from the project's root";
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto begin = text.find("fuzzed_dissectors = [");
  ASSERT_NE(begin, std::string::npos);
  const std::string list = text.substr(begin, text.find(']', begin) - begin);
  size_t quotes = 0;
  for (char c : list) quotes += c == '\'';
  EXPECT_EQ(quotes, 2 * dissectors().size());
  for (const auto& row : dissectors()) {
    EXPECT_NE(list.find("'" + std::string(row.about->name) + "'"), std::string::npos) << row.about->name;
  }
}

}  // namespace
}  // namespace lapwing
