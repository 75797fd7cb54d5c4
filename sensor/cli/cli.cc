#include "sensor/cli/cli.h"

#include <cstdio>
#include <exception>

#include "sensor/base/log.h"
#include "sensor/base/setting.h"
#include "sensor/cli/commands.h"

namespace lapwing {

int run_command_line(int argc, char** argv) {
  CLI::App app{"Lapwing, a network detection and response sensor"};
  app.require_subcommand(1);
  std::string level = "info";
  app.add_option("--log-level", level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  Command command;
  add_replay(app, command);
  add_run(app, command);
  add_control(app, command);
  add_subscribe(app, command);
  add_keygen(app, command);
  add_rules(app, command);
  add_list(app, command);
  app.add_subcommand("version", "print the version")->callback([&] {
    command = [] {
      std::puts("lapwing " LAPWING_VERSION);
      return exit_status::done;
    };
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_status::done : exit_status::usage;
  }
  start_log(level);
  try {
    return command();
  } catch (const SettingError& error) {
    spdlog::error("{}", error.what());
    return exit_status::usage;
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return exit_status::input_failed;
  }
}

}  // namespace lapwing
