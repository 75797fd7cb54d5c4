// `rules check`: every fault of a rule file, and what cannot be meant, with its place.
#include <fmt/format.h>

#include "sensor/base/json_writer.h"
#include "sensor/base/terminal.h"
#include "sensor/cli/configuration.h"
#include "sensor/cli/rights.h"
#include "sensor/cli/rules.h"
#include "signatures/compile/rule_compiler.h"

namespace lapwing {
namespace {

struct CheckOptions {
  ConfigurationOptions configuration;
  std::vector<std::string> files;
  bool json = false, lenient = false;
};

void write_json(const RuleMessage& message) {
  std::string text;
  JsonWriter json(text);
  json.begin_object()
      .member("file", message.mark.file)
      .member("line", message.mark.line)
      .member("column", message.mark.column);
  json.member("level", message.level == RuleMessage::Level::error ? "error" : "warning");
  if (message.sid) json.member("sid", message.sid);
  if (!message.option.empty()) json.member("option", message.option);
  json.member("message", message.text).end_object();
  fmt::print("{}\n", text);
}

int check_rules(const CheckOptions& options) {
  auto root = options.configuration.read();
  RuleEnvironment environment = rule_environment(*root);
  // A suricata.yaml comes with many variables that its author never wrote.
  std::erase_if(environment.variables.written,
                [&](const auto& variable) { return variable.mark.file == options.configuration.suricata_file; });
  auto config = read_rule_config(*root);
  confine_rules(*root, config);
  std::vector<RuleMessage> messages;
  RuleCompiler compiler(environment, config, messages);
  compiler.judge();
  for (const std::string& file : options.files) {
    read_rules(file, messages, [&](const RuleTree& tree) { compiler.add(tree); });
  }
  auto rules = compiler.finish();
  size_t errors = 0, warnings = 0;
  for (const RuleMessage& message : messages) {
    bool error = message.level == RuleMessage::Level::error;
    (error ? errors : warnings)++;
    if (options.json) {
      write_json(message);
    } else {
      std::string text;  // may hold what the file holds
      append_for_terminal(text, to_string(message.mark) + (error ? ": error: " : ": warning: ") + message.text);
      fmt::print("{}\n", text);
    }
  }
  RuleCounts counts = rules->counts();
  if (!options.json) {
    fmt::print(
        "{} rules loaded, {} left out for what is not supported yet, {} for a later revision, {} at fault; {} "
        "warnings\n",
        counts.loaded, counts.skipped, counts.older, counts.failed, warnings);
  }
  // What a sensor would start with, or take by a reload.
  if (options.lenient && counts.loaded > 0) return exit_status::done;
  return errors || counts.failed || options.lenient ? exit_status::usage : exit_status::done;
}

}  // namespace

void add_rules_check(CLI::App& rules, Command& command) {
  CLI::App* sub = rules.add_subcommand(
      "check", "report every fault of rule files, and what cannot be meant, with file, line and column");
  auto options = std::make_shared<CheckOptions>();
  sub->add_option("FILE", options->files, "rule file or directory of *.rules")->required();
  sub->add_option("-c,--config", options->configuration.file, "Lapwing's configuration (YAML)")
      ->check(CLI::ExistingFile);
  sub->add_option("--suricata-config", options->configuration.suricata_file,
                  "take over the settings of a suricata.yaml")
      ->check(CLI::ExistingFile);
  sub->add_option("--set", options->configuration.assignments, "set one key of the configuration: key=value")
      ->take_all();
  sub->add_flag("--lenient", options->lenient, "status 0 unless no rule at all can be loaded");
  sub->add_flag("--json", options->json, "one JSON object a message");
  sub->callback([options, &command] { command = [options] { return check_rules(*options); }; });
}

}  // namespace lapwing
