// `incidents` and `incident`: what a running sensor, or a file of records, tells of incidents.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "sensor/cli/commands.h"
#include "sensor/cli/incident_text.h"
#include "sensor/cli/last_told.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

struct IncidentOptions {
  std::string socket, eve, id;
  bool json = false;
};

/// The gravest first.
std::vector<Json> incidents_of(const IncidentOptions& options) {
  std::vector<Json> out = last_told("incident", options.eve, options.socket);
  if (options.eve.empty()) return out;
  const auto rank = [](const Json& one) {
    const auto score = one.find("score");
    return std::pair(one.contains("background"),
                     score != one.end() && score->is_number_integer() ? -score->get<int>() : 0);
  };
  std::ranges::stable_sort(out, {}, rank);
  return out;
}

int list(const IncidentOptions& options) {
  const std::vector<Json> all = incidents_of(options);
  if (options.json) {
    fmt::print("{}\n", Json(all).dump());
  } else {
    fmt::print("{}", all.empty() ? "no incidents\n" : summary(all, std::numeric_limits<size_t>::max()));
  }
  return exit_status::done;
}

int show(const IncidentOptions& options) {
  for (const Json& incident : incidents_of(options)) {
    const std::string id = incident.value("id", "");
    if (!id.starts_with(options.id)) continue;
    fmt::print("{}", options.json ? incident.dump() + "\n" : story(incident));
    return exit_status::done;
  }
  throw std::runtime_error("no incident '" + options.id + "'; `lapwing incidents` shows all");
}

}  // namespace

void add_incidents(CLI::App& app, Command& command) {
  auto options = std::make_shared<IncidentOptions>();
  CLI::App* all = app.add_subcommand("incidents", "list the incidents of a running sensor, or of a file of records");
  CLI::App* one = app.add_subcommand("incident", "tell the story of one incident");
  for (CLI::App* sub : {all, one}) {
    auto* socket = sub->add_option("--socket", options->socket,
                                   "the sensor's control socket (control.socket); else where it lies by default");
    sub->add_option("--eve", options->eve, "a file of records, instead of a running sensor")->excludes(socket);
    sub->add_flag("--json", options->json, "as JSON");
  }
  one->add_option("ID", options->id, "of the incident, or how it begins")->required();
  all->callback([options, &command] { command = [options] { return list(*options); }; });
  one->callback([options, &command] { command = [options] { return show(*options); }; });
}

}  // namespace lapwing
