#include "tests/pipeline/made_up/sensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "sensor/config/config.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/pipeline/keeping.h"
#include "tests/pipeline/made_up/carrier.h"
#include "tests/pipeline/made_up/lines.h"
#include "tests/support/capture_writer.h"

namespace lapwing::test {
namespace {

std::span<const DissectorRow* const> rows() {
  static constexpr DissectorRow kHerald = row<Lines<Herald>>(), kGuest = row<Lines<Guest>>(), kCarrier = row<Carrier>();
  static const auto kRows = [] {
    std::vector<const DissectorRow*> out(dissectors().begin(), dissectors().end());
    out.insert(out.end(), {&kHerald, &kGuest, &kCarrier});
    return out;
  }();
  return kRows;
}

/// As SensorConfig::read has it, with the protocols of rows().
std::unique_ptr<SensorConfig> read_with_rows(const Setting& root) {
  auto config = std::make_unique<SensorConfig>(*SensorConfig::read(root, {}));
  auto recorded = recorded_protocols();
  for (const DissectorRow* row : rows().subspan(dissectors().size())) {
    recorded.push_back(row->protocol);
    config->rules.protocols.push_back(row->protocol);
  }
  config->eve = EveConfig::read(root, {}, recorded);
  config->app = AppConfig::read(option_source(root), config->files.columns(), rows());
  return config;
}

}  // namespace

std::vector<nlohmann::json> Outcome::of(std::string_view type) const {
  std::vector<nlohmann::json> out;
  std::ranges::copy_if(records, std::back_inserter(out),
                       [&](const auto& record) { return record["event_type"] == type; });
  return out;
}

nlohmann::json Outcome::flow_to(uint16_t port) const {
  auto flows = of("flow");
  std::erase_if(flows, [&](const auto& flow) { return flow["dest_port"] != port; });
  EXPECT_EQ(flows.size(), 1u) << "flows to port " << port;
  return flows.empty() ? nlohmann::json() : flows[0];
}

std::multiset<std::string> Outcome::told() const {
  std::multiset<std::string> out;
  for (const auto& record : records) {
    if (record["event_type"] != "stats" && record["event_type"] != "loss") out.insert(record.dump());
  }
  return out;
}

uint64_t Outcome::stat(std::string_view path) const {
  std::string pointer = "/stats/" + std::string(path);
  std::ranges::replace(pointer, '.', '/');
  const auto stats = of("stats");
  return stats.empty() ? UINT64_MAX : stats.back().value(nlohmann::json::json_pointer(pointer), UINT64_MAX);
}

Outcome sense(const Capture& capture, const SensorSetup& setup) {
  const auto root = parse_yaml(setup.options.empty() ? "{}" : setup.options, "test.yaml");
  const auto config = read_with_rows(*root);
  if (!setup.detectors.empty()) config->analytics.detectors = setup.detectors;
  std::vector<RuleMessage> messages;
  RuleCompiler compiler(config->rules, config->detect, messages);
  parse_rules(setup.rules, "test.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
  Outcome out;
  Pipeline::Plan plan{.config = config.get()};
  plan.rules = compiler.finish();
  for (const RuleMessage& message : messages) ADD_FAILURE() << message.text;
  TemporaryDirectory folder;  // several workers divide a file
  if (setup.workers == 1) {
    plan.sources.push_back(capture.frames());
  } else {
    const std::string file = folder.write("capture.pcap", pcap_file(capture.built(), {.nanoseconds = true}));
    plan.sources = open_captures({file}, setup.workers);
  }
  plan.exporters.push_back(std::make_unique<Keeping>(out.records));
  if (config->file_store.enabled) plan.exporters.push_back(create_file_store(config->file_store, setup.log_folder));
  Pipeline(std::move(plan)).run(nullptr);
  return out;
}

}  // namespace lapwing::test
