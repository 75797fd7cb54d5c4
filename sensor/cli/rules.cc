#include "sensor/cli/rules.h"

namespace lapwing {

void add_rules(CLI::App& app, Command& command) {
  CLI::App* rules = app.add_subcommand("rules", "work on rule files");
  rules->require_subcommand(1);
  add_rules_check(*rules, command);
  add_rules_explain(*rules, command);
  add_rules_bench(*rules, command);
}

}  // namespace lapwing
