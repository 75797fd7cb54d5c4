// The subcommands of `rules`, one file each.
#pragma once

#include "sensor/cli/commands.h"

namespace lapwing {

void add_rules_check(CLI::App& rules, Command& command);
void add_rules_explain(CLI::App& rules, Command& command);
void add_rules_bench(CLI::App& rules, Command& command);

}  // namespace lapwing
