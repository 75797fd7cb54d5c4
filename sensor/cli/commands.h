// The subcommands: each adds itself to the command line and leaves behind what runs when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace lapwing {

namespace exit_status {
inline constexpr int done = 0, input_failed = 1, usage = 2, gap = 3;
}

/// What runs for the chosen subcommand; returns the exit status.
using Command = std::function<int()>;

void add_replay(CLI::App& app, Command& command);
void add_run(CLI::App& app, Command& command);
void add_test_config(CLI::App& app, Command& command);
void add_show_config(CLI::App& app, Command& command);
void add_status(CLI::App& app, Command& command);
void add_incidents(CLI::App& app, Command& command);
void add_assets(CLI::App& app, Command& command);
void add_analytics(CLI::App& app, Command& command);
void add_intel(CLI::App& app, Command& command);
void add_control(CLI::App& app, Command& command);
void add_subscribe(CLI::App& app, Command& command);
void add_keygen(CLI::App& app, Command& command);
void add_rules(CLI::App& app, Command& command);
void add_list(CLI::App& app, Command& command);
void add_verify(CLI::App& app, Command& command);

}  // namespace lapwing
