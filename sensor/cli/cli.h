// The command line: subcommands, and nothing else.
#pragma once

namespace lapwing {

/// Exit status: 0 done, 1 the input failed on the way, 2 wrong usage, configuration or rules.
int run_command_line(int argc, char** argv);

}  // namespace lapwing
