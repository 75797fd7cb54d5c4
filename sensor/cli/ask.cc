// `reload` and `stats`: commands to a running sensor.
#include <fmt/format.h>

#include <algorithm>

#include "sensor/cli/commands.h"
#include "sensor/cli/sensor_answer.h"

namespace lapwing {
namespace {

constexpr int kReloadSeconds = 600;  // a large rule set on a busy machine

struct ControlOptions {
  std::string socket;
  bool strict = false, json = false;
};

std::string place(const nlohmann::json& error) {
  std::string out;
  for (const char* part : {"file", "line", "column"}) {
    if (error.contains(part))
      out += (error[part].is_string() ? error[part].get<std::string>() : error[part].dump()) + ":";
  }
  const std::string text = error.value("message", "");
  // Errors of configuration files begin with their place.
  return out.empty() || text.starts_with(out) ? text : out + " " + text;
}

int reload(const ControlOptions& options) {
  const SensorAnswer answer = ask_sensor_at(
      options.socket, options.strict ? R"({"command":"reload","strict":true})" : R"({"command":"reload"})",
      kReloadSeconds);
  if (options.json) fmt::print("{}\n", answer.message.dump());
  if (!answer.message.is_object()) throw std::runtime_error(answer.message.dump());
  const bool taken = answer.message.value("taken", false);
  if (!options.json) {
    const auto& m = answer.message;
    for (const auto& error : m.value("errors", nlohmann::json::array())) fmt::print("{}\n", place(error));
    if (auto others = m.value("errors_max", uint64_t{0}))
      fmt::print("{} more errors; `lapwing rules check` shows all\n", others);
    fmt::print("{} rules loaded, {} left out for what is not supported yet, {} at fault, {:.1f} s\n",
               m.value("rules_loaded", uint64_t{0}), m.value("rules_skipped", uint64_t{0}),
               m.value("rules_failed", uint64_t{0}), m.value("seconds", 0.0));
    fmt::print("{}generation {} is in force\n", taken ? "" : "refused: " + m.value("reason", "") + "; ",
               m.value("generation", uint64_t{0}));
  }
  return answer.ok && taken ? exit_status::done : exit_status::usage;
}

int stats(const ControlOptions& options) {
  const SensorAnswer answer = ask_sensor_at(options.socket, R"({"command":"stats"})", kStatsSeconds);
  if (!answer.ok) throw std::runtime_error(answer.message.dump());
  if (options.json) {
    fmt::print("{}\n", answer.message.dump());
    return exit_status::done;
  }
  const nlohmann::json flat = answer.message.flatten();
  for (const auto& [path, value] : flat.items()) {
    std::string dotted = path.substr(path.empty() ? 0 : 1);
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    fmt::print("{:<50} {}\n", dotted, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return exit_status::done;
}

}  // namespace

void add_control(CLI::App& app, Command& command) {
  auto options = std::make_shared<ControlOptions>();
  CLI::App* again = app.add_subcommand("reload", "let a running sensor read its rules anew");
  CLI::App* counters = app.add_subcommand("stats", "print the counters of a running sensor");
  for (CLI::App* sub : {again, counters}) {
    sub->add_option("--socket", options->socket,
                    "the sensor's control socket (control.socket); else where it lies by default");
    sub->add_flag("--json", options->json, "as a JSON object");
  }
  again->add_flag("--strict", options->strict, "refuse the new rules when any of them is at fault");
  again->callback([options, &command] { command = [options] { return reload(*options); }; });
  counters->callback([options, &command] { command = [options] { return stats(*options); }; });
}

}  // namespace lapwing
