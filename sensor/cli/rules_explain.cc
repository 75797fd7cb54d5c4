// `rules explain`: what rules compile to, in words.
#include <fmt/format.h>

#include "sensor/base/log.h"
#include "sensor/cli/configuration.h"
#include "sensor/cli/rights.h"
#include "sensor/cli/rules.h"
#include "signatures/compile/explain.h"

namespace lapwing {
namespace {

struct ExplainOptions {
  ConfigurationOptions configuration;
  std::vector<uint32_t> sids;
  bool json = false;
};

int explain(const ExplainOptions& options) {
  auto root = options.configuration.read();
  auto config = SensorConfig::read(*root, {});
  confine_rules(*root, config->detect);
  auto rules = load_rules(find_rule_files(options.configuration.rule_files, *root), *config, false);
  bool all = true;
  for (uint32_t sid : options.sids) {
    const auto explanations = explain_rule(*rules, sid);
    if (explanations.empty()) {
      spdlog::error("no loaded rule has sid {}; `lapwing rules check` says what was left out, and why", sid);
      all = false;
    }
    for (const RuleExplanation& explanation : explanations) {
      if (!options.json) {
        fmt::print("{}", to_text(explanation));
        continue;
      }
      std::string line;
      write_json(explanation, line);
      fmt::print("{}\n", line);
    }
  }
  return all ? exit_status::done : exit_status::usage;
}

}  // namespace

void add_rules_explain(CLI::App& rules, Command& command) {
  CLI::App* sub =
      rules.add_subcommand("explain", "say what rules compile to: buffers, fast pattern, groups, cost, effects");
  auto options = std::make_shared<ExplainOptions>();
  sub->add_option("SID", options->sids, "numbers of rules")->required();
  options->configuration.add_to(*sub);
  sub->add_flag("--json", options->json, "one JSON object a rule");
  sub->callback([options, &command] { command = [options] { return explain(*options); }; });
}

}  // namespace lapwing
