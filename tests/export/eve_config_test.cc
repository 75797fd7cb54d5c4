#include "export/eve/config.h"

#include "tests/export/eve_support.h"

namespace lapwing {
namespace {

/// outputs: - eve-log: types: [...]
std::unique_ptr<Setting> with_types(std::initializer_list<const char*> types) {
  auto root = eve_settings({});
  Setting& list = root->children[0]->children[0]->make("eve-log.types");
  list.kind = Setting::Kind::list;
  for (const char* type : types) {
    list.children.push_back(std::make_unique<Setting>());
    list.children.back()->kind = Setting::Kind::scalar;
    list.children.back()->scalar = type;
    list.children.back()->mark = {"t.yaml", 3, 5};
  }
  return root;
}

std::vector<std::string> unused(const Setting& root) {
  std::vector<std::string> out;
  for (const Setting* node : root.unused()) out.push_back(node->key.empty() ? node->scalar : node->key);
  return out;
}

TEST(EveConfig, DefaultsWriteEverythingButNetflow) {
  auto config = EveConfig::read(Setting{}, {}, kProtocols);
  for (const char* type : {"alert", "flow", "dns", "anomaly", "stats", "packet"}) {
    EXPECT_TRUE(config->enabled(type)) << type;
  }
  EXPECT_FALSE(config->enabled("netflow"));
  EXPECT_FALSE(config->enabled("http"));
  EXPECT_EQ(config->stats_interval(), 8u);
  EXPECT_FALSE(config->options().anomaly.stream);
  EXPECT_TRUE(config->options().anomaly.applayer);
  EXPECT_TRUE(config->options().alert.rule_metadata);
  EXPECT_FALSE(config->options().alert.payload);
}

TEST(EveConfig, TypesOfTheFileAreTheOnlyOnes) {
  auto root = with_types({"dns", "smtp"});
  auto config = EveConfig::read(*root, {}, kProtocols);
  EXPECT_TRUE(config->enabled("dns"));
  EXPECT_FALSE(config->enabled("flow"));
  EXPECT_FALSE(config->enabled("packet"));
}

TEST(EveConfig, SectionsAreItemsOfTheListOrMembersOfAMap) {
  Setting root;
  root.kind = Setting::Kind::map;
  root.make("outputs.eve-log.filename");
  EXPECT_EQ(eve_sections(root), std::vector<const Setting*>{root.find("outputs.eve-log")});
  Setting& off = root.make("outputs.eve-log.enabled");
  off.kind = Setting::Kind::scalar;
  off.scalar = "no";
  EXPECT_TRUE(eve_sections(root).empty());
  auto listed = eve_settings({{"types.flow", ""}});
  EXPECT_EQ(eve_sections(*listed).size(), 1u);
}

TEST(EveConfig, SuricatasTypesThatAreNotThereStayUnread) {
  auto root = with_types({"dns", "smtp"});
  EveConfig::read(*root, {}, kProtocols);
  EXPECT_EQ(unused(*root), std::vector<std::string>{"smtp"});
}

TEST(EveConfig, WhatIsSwitchedOffIsNotAskedFor) {
  auto root = eve_settings({{"types.smtp.enabled", "no"},
                            {"types.dns.enabled", "no"},
                            {"types.flow", ""},
                            {"xff.enabled", "no"},
                            {"xff.mode", "extra-data"}});
  auto config = EveConfig::read(*root, {}, kProtocols);
  EXPECT_FALSE(config->enabled("dns"));
  EXPECT_TRUE(config->enabled("flow"));
  EXPECT_TRUE(unused(*root).empty());
}

TEST(EveConfig, SwitchesOfAlertsReachTheirOptions) {
  auto off = eve_settings({{"types.alert.metadata", "no"}, {"types.alert.tagged-packets", "no"}});
  auto config = EveConfig::read(*off, {}, kProtocols);
  EXPECT_FALSE(config->options().alert.flow);
  EXPECT_FALSE(config->options().alert.app_layer);
  EXPECT_FALSE(config->options().alert.rule_metadata);
  EXPECT_FALSE(config->enabled("packet"));
  auto some = eve_settings({{"types.alert.metadata.app-layer", "no"}, {"types.alert.payload-buffer-size", "1kb"}});
  config = EveConfig::read(*some, {}, kProtocols);
  EXPECT_TRUE(config->options().alert.flow);
  EXPECT_FALSE(config->options().alert.app_layer);
  EXPECT_EQ(config->options().alert.payload_buffer_size, 1024u);
}

/// One configuration with a section for each of these.
std::unique_ptr<Setting> sections(std::vector<std::unique_ptr<Setting>> roots) {
  for (size_t i = 1; i < roots.size(); ++i) {
    roots[0]->children[0]->children.push_back(std::move(roots[i]->children[0]->children[0]));
  }
  return std::move(roots[0]);
}

std::vector<std::string> selected(const EveConfig& config, const Setting& root, size_t number) {
  const std::vector<bool> selection = config.selection(*root.children[0]->children[number]->find("eve-log"));
  std::vector<std::string> out;
  for (size_t i = 0; i < selection.size(); ++i) {
    if (selection[i]) out.emplace_back(config.topics()[i]);
  }
  return out;
}

TEST(EveConfig, EverySectionThatIsOnHasTypesOfItsOwn) {
  std::vector<std::unique_ptr<Setting>> roots;
  roots.push_back(with_types({"dns"}));
  roots.push_back(with_types({"flow"}));
  roots.push_back(with_types({"anomaly", "dns"}));
  roots.push_back(eve_settings({{"filetype", "stdout"}}));
  Setting& off = roots[0]->children[0]->children[0]->make("eve-log.enabled");
  off.kind = Setting::Kind::scalar;
  off.scalar = "no";
  const auto root = sections(std::move(roots));
  auto config = EveConfig::read(*root, {}, kProtocols);
  EXPECT_EQ(selected(*config, *root, 1), std::vector<std::string>{"flow"});
  EXPECT_EQ(selected(*config, *root, 2), (std::vector<std::string>{"anomaly", "dns"}));
  EXPECT_TRUE(selected(*config, *root, 3).empty()) << "without types: the usual ones, hence all that are written";
  EXPECT_TRUE(config->enabled("alert"));
  EXPECT_FALSE(config->enabled("netflow"));

  const std::vector<std::string> only = {"flow"};
  config = EveConfig::read(*root, only, kProtocols);
  EXPECT_TRUE(selected(*config, *root, 2).empty()) << "the command line chooses for all";
}

TEST(EveConfig, OptionsOfATypeHoldForAllSections) {
  const auto read = [](std::vector<std::pair<std::string, std::string>> first,
                       std::vector<std::pair<std::string, std::string>> second) {
    std::vector<std::unique_ptr<Setting>> roots;
    roots.push_back(eve_settings(std::move(first)));
    roots.push_back(eve_settings(std::move(second)));
    return EveConfig::read(*sections(std::move(roots)), {}, kProtocols);
  };
  EXPECT_TRUE(read({{"types.flow", ""}}, {{"types.alert.payload", "yes"}})->options().alert.payload);
  EXPECT_TRUE(
      read({{"ethernet", "yes"}, {"types.alert.payload", "yes"}}, {{"types.alert", ""}})->options().alert.payload);
  EXPECT_TRUE(read({{"ethernet", "yes"}}, {{"ethernet", "on"}})->options().common.ethernet);
  EXPECT_THROW(read({{"ethernet", "yes"}}, {{"ethernet", "no"}}), SettingError);
  const auto both = read({{"types.alert.payload", "yes"}}, {{"types.alert.packet", "yes"}});
  EXPECT_TRUE(both->options().alert.payload && both->options().alert.packet) << "sections add to each other";
  EXPECT_THROW(read({{"types.alert.metadata", "no"}}, {{"types.alert.metadata.flow", "yes"}}), SettingError);
  EXPECT_THROW(read({{"xff.enabled", "yes"}}, {{"types.alert.xff.enabled", "no"}}), SettingError);
}

TEST(EveConfig, CommandLineReplacesTypes) {
  std::vector<std::string> only = {"netflow"};
  auto config = EveConfig::read(*with_types({"dns"}), only, kProtocols);
  EXPECT_TRUE(config->enabled("netflow"));
  EXPECT_FALSE(config->enabled("dns"));
}

TEST(EveConfig, ATypeMayStandForSeveralRecords) {
  constexpr RecordRow kRows[] = {{"fileinfo", "", kDnsShapes}, {"ftp", "", kDnsShapes}, {"ftp_data", "", kDnsShapes}};
  const Protocol protocol{.name = "ftp", .records = kRows};
  const Protocol* const protocols[] = {&protocol};
  auto root = with_types({"files", "ftp"});
  auto config = EveConfig::read(*root, {}, protocols);
  for (const char* type : {"fileinfo", "ftp", "ftp_data"}) EXPECT_TRUE(config->enabled(type)) << type;
}

TEST(EveConfig, UnknownTypesAreErrorsWithTheirPlace) {
  auto root = with_types({"dsn"});
  try {
    EveConfig::read(*root, {}, kProtocols);
    FAIL();
  } catch (const SettingError& error) {
    EXPECT_EQ(error.where().line, 3u);
    EXPECT_NE(std::string(error.what()).find("dsn"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("dns"), std::string::npos);
  }
  std::vector<std::string> only = {"flows"};
  EXPECT_THROW(EveConfig::read(Setting{}, only, kProtocols), SettingError);
}

TEST(EveConfig, WrongValuesAreErrors) {
  for (auto [key, value] : {std::pair{"community-id-seed", "65536"}, {"/stats.interval", "0"}, {"ethernet", "maybe"}}) {
    EXPECT_THROW(EveConfig::read(*eve_settings({{key, value}}), {}, kProtocols), SettingError) << key;
  }
}

/// The tree of one assignment of the command line.
Setting assigned(std::string_view path, std::string value) {
  Setting root;
  Setting& node = root.make(path, {"--set " + std::string(path), 0, 0});
  node.kind = Setting::Kind::scalar;
  node.scalar = std::move(value);
  return root;
}

TEST(EveConfig, AnAssignedOptionOfATypeChoosesNoTypes) {
  const auto defaults = EveConfig::read(Setting{}, {}, kProtocols);
  const auto config = EveConfig::read(assigned("outputs.eve-log.types.alert.payload", "yes"), {}, kProtocols);
  for (std::string_view topic : defaults->topics())
    EXPECT_EQ(config->enabled(topic), defaults->enabled(topic)) << topic;
  const auto frames = EveConfig::read(assigned("outputs.eve-log.types.frame.payload", "no"), {}, kProtocols);
  EXPECT_FALSE(frames->enabled("frame"));
  const auto without = EveConfig::read(assigned("outputs.eve-log.types.dns.enabled", "no"), {}, kProtocols);
  for (std::string_view topic : defaults->topics()) {
    EXPECT_EQ(without->enabled(topic), topic != "dns" && defaults->enabled(topic)) << topic;
  }
}

}  // namespace
}  // namespace lapwing
