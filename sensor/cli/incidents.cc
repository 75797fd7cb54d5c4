// `incidents` and `incident`: what a running sensor, or a file of records, tells of incidents.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>

#include "analytics/frame/evidence.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/incident_text.h"
#include "sensor/cli/last_told.h"
#include "sensor/cli/sensor_answer.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

struct IncidentOptions {
  std::string socket, eve, id, reason;
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

int list_incidents(const IncidentOptions& options) {
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

/// The rows of analytics.allow that would have withheld its findings.
std::string rows_against(const Json& incident) {
  /// As YAML has it, and fit for a terminal: subjects and objects are what traffic called them.
  const auto quoted = [](std::string_view words) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    const bool plain = words.find_first_not_of(kPlain) == std::string_view::npos && !words.starts_with('-');
    return plain ? std::string(words) : Json(words).dump(-1, ' ', true, Json::error_handler_t::replace);
  };
  const Json none = Json::object();
  const Json subject = incident.value("subject", none);
  const std::string host = subject.value("ip", subject.value("name", ""));
  std::set<std::string> rows;
  for (const Json& finding : incident.value("findings", Json::array())) {
    std::string row = "  - {detector: " + quoted(finding.value("name", "")) + ", subject: " + quoted(host);
    const std::string object = finding.value("object", "");
    if (!object.empty() && !finding.contains("objects")) {
      row += ", peer: " + quoted(analytics::host_of(object));
      if (const auto port = analytics::port_of(object)) row += ", port: " + std::to_string(*port);
    }
    rows.insert(row + ", reason: \"false positive: " + incident.value("id", "") + "\"}\n");
  }
  std::string out = rows.empty() ? "" : "rows that would have prevented it:\nanalytics.allow:\n";
  for (const std::string& row : rows) out += row;
  const auto alerts = incident.find("alerts");
  if (alerts != incident.end() && alerts->value("total", uint64_t{0}) > 0) {
    out += "# its alerts are of rules, which no row withholds\n";
  }
  return out;
}

int close(const IncidentOptions& options) {
  for (const Json& incident : incidents_of(options)) {
    const std::string id = incident.value("id", "");
    if (!id.starts_with(options.id)) continue;
    const Json request = {{"command", "incident-close"}, {"arguments", {{"id", id}, {"reason", options.reason}}}};
    const SensorAnswer answer = ask_sensor_at(options.socket, request.dump(), kStatsSeconds);
    if (!answer.ok)
      throw std::runtime_error(answer.message.is_string() ? answer.message.get<std::string>() : answer.message.dump());
    fmt::print("closed {}\n{}", id, options.reason == kFalsePositive ? rows_against(incident) : "");
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
  CLI::Option* id = one->add_option("ID", options->id, "of the incident, or how it begins");
  CLI::App* ended = one->add_subcommand("close", "close an incident of a running sensor");
  ended->add_option("ID", options->id, "of the incident, or how it begins")->required();
  ended
      ->add_option("--reason", options->reason,
                   "why: false-positive, which shows what would have prevented it, benign or handled")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(kCloseReasons.begin(), kCloseReasons.end())));
  ended->add_option("--socket", options->socket,
                    "the sensor's control socket (control.socket); else where it lies by default");
  all->callback([options, &command] { command = [options] { return list_incidents(*options); }; });
  one->callback([options, id, ended, &command] {
    if (ended->parsed()) return;
    if (id->count() == 0) throw CLI::RequiredError("ID");
    command = [options] { return show(*options); };
  });
  ended->callback([options, &command] { command = [options] { return close(*options); }; });
}

}  // namespace lapwing
