// What the configuration of the whole sensor takes, and refuses with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sensor/config/config.h"
#include "sensor/control/confinement.h"
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

std::unique_ptr<Setting> with_sections(const std::string& first, const std::string& second,
                                       const std::string& more = "") {
  return parse_yaml(
      "outputs:\n  - eve-log:\n      types: [" + first + "]\n  - eve-log:\n      types: [" + second + "]\n" + more,
      "a.yaml");
}

/// What is wrong with two sections, or nothing.
std::string fault_of(const Setting& root) {
  try {
    SensorConfig::read(root, {});
  } catch (const SettingError& error) {
    return error.what();
  }
  return {};
}

const AppProtocol& protocol_of(const SensorConfig& config, std::string_view name) {
  auto named = [&](const AppProtocol& protocol) { return protocol.row->about->name == name; };
  return *std::ranges::find_if(config.app.protocols, named);
}

/// The members that a plan shows, those of objects in brackets.
std::string shown_members(std::span<const Shown> columns) {
  std::string out;
  for (const Shown& column : columns) {
    out += (out.empty() ? "" : " ") + std::string(column.column->member);
    if (!column.inside.empty()) out += "(" + shown_members(column.inside) + ")";
  }
  return out;
}

TEST(SensorConfig, ATypeOfTwoSectionsMaySayTheSameTwice) {
  const auto root = with_sections("dns: {version: 2, formats: [grouped]}", "flow, dns: {version: 2, formats: grouped}");
  const auto config = SensorConfig::read(*root, {});
  EXPECT_TRUE(root->unused().empty());
  const auto& plans = protocol_of(*config, "dns").plans->records[0];
  EXPECT_THAT(shown_members(plans[2].columns()), testing::HasSubstr("grouped"));
  EXPECT_THAT(shown_members(plans[2].columns()), testing::Not(testing::HasSubstr("answers")));
}

TEST(SensorConfig, SectionsThatContradictEachOtherAreToldWithBothPlaces) {
  EXPECT_EQ(fault_of(*with_sections("dns: {version: 2}", "dns: {version: 3}")),
            "a.yaml:5:30: version: other than at a.yaml:3:30; an option has one value wherever it stands");
  EXPECT_EQ(fault_of(*with_sections("alert: {payload: yes}", "alert: {payload: no}")),
            "a.yaml:5:32: payload: other than at a.yaml:3:32; an option has one value wherever it stands");
  EXPECT_EQ(
      fault_of(*with_sections("dns: {version: 2}", "flow", "app-layer: {protocols: {dns: {record: {version: 3}}}}")),
      "a.yaml:3:30: version: other than at a.yaml:6:49; an option has one value wherever it stands");
}

TEST(SensorConfig, TheKeyOfAnOptionIsLaidOverSectionsOfAnotherFile) {
  const auto root = with_sections("dns: {version: 2}", "dns: {version: 2}");
  set_value(*root, "app-layer.protocols.dns.record.version=3");
  EXPECT_EQ(fault_of(*root), "");
  EXPECT_TRUE(root->unused().empty());
}

TEST(SensorConfig, AKeyThatNoRecordHasStaysUnread) {
  const auto root = with_sections("dns: {versoin: 2}", "flow");
  SensorConfig::read(*root, {});
  ASSERT_EQ(root->unused().size(), 1u);
  EXPECT_EQ(unknown_key_text(unused_keys(*root).at(0), option_keys()),
            "unknown setting 'outputs.eve-log.types.dns.versoin'; did you mean 'outputs.eve-log.types.dns.version'?");
}

TEST(SensorConfig, BodiesInAlertsAreAnOptionOfHttp) {
  const auto root = with_sections("alert: {http-body: yes, http-body-printable: no}", "alert: {http-body: on}");
  const auto config = SensorConfig::read(*root, {});
  EXPECT_TRUE(root->unused().empty());
  const std::string in_alert = shown_members(protocol_of(*config, "http").plans->in_alert.columns());
  EXPECT_THAT(in_alert, testing::HasSubstr("http_request_body"));
  EXPECT_THAT(in_alert, testing::Not(testing::HasSubstr("http_request_body_printable")));
}

TEST(SensorConfig, WhatFilesShowIsAskedForByAll) {
  const auto root = with_sections("files: {force-hash: [MD5]}", "files: {force-hash: [sha1], force-magic: no}",
                                  "file: {hash: [md5]}\n");
  const auto config = SensorConfig::read(*root, {});
  EXPECT_THAT(config->files.columns(), testing::ElementsAre("md5", "sha1"));
  EXPECT_TRUE(root->unused().empty());
  const auto& records = protocol_of(*config, "http").row->protocol->records;
  const auto fileinfo = std::ranges::find(records, std::string_view("fileinfo"), &RecordRow::type);
  const std::string members = shown_members(
      protocol_of(*config, "http").plans->records[static_cast<size_t>(fileinfo - records.begin())][0].columns());
  EXPECT_THAT(members, testing::HasSubstr("md5 sha1"));
  EXPECT_THAT(members, testing::Not(testing::HasSubstr("sha256")));

  const auto stored = parse_yaml("outputs: [{file-store: {enabled: yes, force-magic: yes}}]\n", "a.yaml");
  EXPECT_THAT(SensorConfig::read(*stored, {})->files.columns(), testing::ElementsAre("magic", "sha256"));
  EXPECT_TRUE(stored->unused().empty());
  EXPECT_EQ(fault_of(*with_sections("files: {force-hash: [sha512]}", "flow")),
            "a.yaml:3:36: 'sha512' is none of md5, sha1, sha256");
}

TEST(SensorConfig, OneFileServesAllCommands) {
  const auto root = parse_yaml(
      "pcap: [{interface: eth0, threads: 4}]\ncontrol: {mode: '0600'}\nmetrics: {enabled: yes}\n"
      "security: {landlock: {nosuch: 1}}\n",
      "a.yaml");
  SensorConfig::read(*root, {});
  read_options(*root, confinement_options());
  pass_over_options_of_run(*root);
  ASSERT_EQ(unused_keys(*root).size(), 1u);
  EXPECT_EQ(unused_keys(*root)[0].path, "security.landlock.nosuch") << "replay reads the section itself";
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
