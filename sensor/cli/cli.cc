#include "sensor/cli/cli.h"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "sensor/base/log.h"
#include "sensor/base/setting.h"
#include "sensor/cli/commands.h"

namespace lapwing {
namespace {

/// What to type in the place of Suricata's options, which come without a subcommand; empty where there are none.
std::string hint_for(const std::vector<std::string>& words) {
  std::string verb, operand, rest;
  bool test = false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i == 0 && !words[i].starts_with('-')) return "";
    const std::string value = i + 1 < words.size() ? words[i + 1] : "";
    if (words[i] == "-r") verb = "replay", operand = " " + value;
    if (words[i] == "-i") verb = "run", operand = " -i " + value;
    for (const std::string way : {"--af-packet", "--pcap"}) {
      if (words[i] == way) verb = "run";
      if (words[i].starts_with(way + "=")) verb = "run", operand = " -i " + words[i].substr(way.size() + 1);
    }
    if (words[i] == "-S" || words[i] == "-s") rest += " --rules " + value;
    if (words[i] == "-c") rest += " --suricata-config " + value;
    if (words[i] == "-l") rest += " --eve " + value + "/eve.json";
    if (words[i] == "-k") rest += " --checksums " + value;
    if (words[i] == "-T") test = true;
  }
  if (test) verb = "test-config";
  return verb.empty() ? "" : "Suricata's options as Lapwing's: lapwing " + verb + operand + rest + "\n";
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"Lapwing, a network detection and response sensor"};
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", "lapwing " LAPWING_VERSION, "print the version");
  std::string level = "info";
  app.add_option("--log-level", level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  Command command;
  add_replay(app, command);
  add_run(app, command);
  add_test_config(app, command);
  add_show_config(app, command);
  add_status(app, command);
  add_control(app, command);
  add_incidents(app, command);
  add_assets(app, command);
  add_analytics(app, command);
  add_intel(app, command);
  add_subscribe(app, command);
  add_keygen(app, command);
  add_rules(app, command);
  add_list(app, command);
  add_verify(app, command);
  app.add_subcommand("version", "print the version")->callback([&] {
    command = [] {
      std::puts("lapwing " LAPWING_VERSION);
      return exit_status::done;
    };
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool wrong = app.exit(error) != 0;
    if (wrong) std::fputs(hint_for({argv + 1, argv + argc}).c_str(), stderr);
    return wrong ? exit_status::usage : exit_status::done;
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
