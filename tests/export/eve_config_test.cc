#include "export/eve/config.h"

#include <gtest/gtest.h>

namespace lapwing {
namespace {

void write_nothing(const Event&, const RecordContext&, JsonWriter&) {}
constexpr RecordRow kRecords[] = {{"dns", write_nothing, ""}};
constexpr Protocol kProtocol{.name = "dns", .records = kRecords};
const Protocol* const kProtocols[] = {&kProtocol};

/// outputs: - eve-log: types: [...]
Setting tree_with_types(std::initializer_list<const char*> types) {
  Setting root;
  root.kind = Setting::Kind::map;
  Setting& outputs = root.make("outputs");
  outputs.kind = Setting::Kind::list;
  outputs.children.push_back(std::make_unique<Setting>());
  Setting& list = outputs.children[0]->make("eve-log.types");
  list.kind = Setting::Kind::list;
  for (const char* type : types) {
    list.children.push_back(std::make_unique<Setting>());
    list.children.back()->kind = Setting::Kind::scalar;
    list.children.back()->scalar = type;
    list.children.back()->mark = {"t.yaml", 3, 5};
  }
  return root;
}

TEST(EveConfig, DefaultsWriteEverythingButNetflow) {
  auto config = EveConfig::read(Setting{}, {}, kProtocols);
  for (const char* type : {"alert", "flow", "dns", "anomaly", "stats"}) EXPECT_TRUE(config->enabled(type)) << type;
  EXPECT_FALSE(config->enabled("netflow"));
  EXPECT_FALSE(config->enabled("http"));
}

TEST(EveConfig, TypesOfTheFileAreTheOnlyOnes) {
  Setting root = tree_with_types({"dns", "smtp"});
  auto config = EveConfig::read(root, {}, kProtocols);
  EXPECT_TRUE(config->enabled("dns"));
  EXPECT_FALSE(config->enabled("flow"));
}

TEST(EveConfig, CommandLineReplacesTypes) {
  std::vector<std::string> only = {"netflow"};
  auto config = EveConfig::read(tree_with_types({"dns"}), only, kProtocols);
  EXPECT_TRUE(config->enabled("netflow"));
  EXPECT_FALSE(config->enabled("dns"));
}

TEST(EveConfig, UnknownTypesAreErrorsWithTheirPlace) {
  Setting root = tree_with_types({"dsn"});
  try {
    EveConfig::read(root, {}, kProtocols);
    FAIL();
  } catch (const SettingError& error) {
    EXPECT_EQ(error.where().line, 3u);
    EXPECT_NE(std::string(error.what()).find("dsn"), std::string::npos);
  }
  std::vector<std::string> only = {"flows"};
  EXPECT_THROW(EveConfig::read(Setting{}, only, kProtocols), SettingError);
}

}  // namespace
}  // namespace lapwing
