// `analytics allow`: what the rows of analytics.allow would have withheld of findings that were told.
#include <fmt/format.h>
#include <time.h>

#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>

#include "analytics/registry.h"
#include "sensor/base/terminal.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/configuration.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

struct AllowOptions {
  ConfigurationOptions configuration;
  std::string test;
  bool json = false;
};

/// Of a row: what it would have withheld, by id of the finding, as it is told.
struct Hits {
  std::map<std::string, std::string> findings;
};

/// Whole seconds of "2024-08-16T18:07:39.110000+0000", which is how records have UTC.
std::optional<Timestamp> time_of(const std::string& text) {
  tm parts{};
  if (!strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts)) return std::nullopt;
  return Timestamp::from_seconds(timegm(&parts));
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Those of the first row that means them, as in the sensor. Returns how many findings there are.
size_t judge(std::istream& file, const std::vector<analytics::AllowRow>& rows, std::vector<Hits>& hits) {
  std::set<std::string> seen;
  for (std::string line; std::getline(file, line);) {
    if (line.find("\"behaviour\"") == std::string::npos) continue;
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object() || text_of(record, "event_type") != "behaviour") continue;
    const auto found = record.find("behaviour");
    const auto time = time_of(text_of(record, "timestamp"));
    if (found == record.end() || !found->is_object() || !time) continue;
    const std::string id = text_of(*found, "id"), name = text_of(*found, "name"), subject = text_of(*found, "subject");
    std::vector<std::string> objects;
    const auto list = found->find("objects");
    const Json none = Json::array();
    for (const Json& object : list != found->end() && list->is_array() ? *list : none) {
      if (object.is_string()) objects.push_back(object);
    }
    // A finding is withheld when it would have begun to be told.
    if (!seen.insert(id).second) continue;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].hits(name, subject, objects, *time)) continue;
      std::string told = name + "  " + subject;
      for (const std::string& object : objects) told += "  " + object;
      hits[i].findings.emplace(id, std::move(told));
      break;
    }
  }
  return seen.size();
}

int test(const AllowOptions& options) {
  const auto root = options.configuration.read();
  const std::vector<analytics::AllowRow> rows = analytics::read_policy(option_source(*root)).allow;
  std::ifstream opened;
  if (options.test != "-") {
    opened.open(options.test);
    if (!opened) throw std::runtime_error(options.test + ": cannot be read");
  }
  std::vector<Hits> hits(rows.size());
  const size_t findings = judge(options.test == "-" ? std::cin : opened, rows, hits);
  size_t withheld = 0;
  Json told = Json::array();
  for (size_t i = 0; i < rows.size(); ++i) {
    withheld += hits[i].findings.size();
    Json ids = Json::array();
    for (const auto& [id, text] : hits[i].findings) ids.push_back(id);
    told.push_back({{"row", to_string(rows[i].mark)}, {"reason", rows[i].reason}, {"findings", std::move(ids)}});
  }
  if (options.json) {
    fmt::print("{}\n", Json{{"findings", findings}, {"withheld", withheld}, {"rows", std::move(told)}}.dump());
    return exit_status::done;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    fmt::print("{}: {} finding{}: {}\n", to_string(rows[i].mark), hits[i].findings.size(),
               hits[i].findings.size() == 1 ? "" : "s", rows[i].reason);
    for (const auto& [id, text] : hits[i].findings) {
      fmt::print("  {}  {}\n", id, for_terminal(text));
    }
  }
  fmt::print("{} of {} findings would have been withheld\n", withheld, findings);
  return exit_status::done;
}

}  // namespace

void add_analytics(CLI::App& app, Command& command) {
  CLI::App* analytics = app.add_subcommand("analytics", "what the configuration makes of findings");
  analytics->require_subcommand(1);
  CLI::App* sub = analytics->add_subcommand("allow", "tell which findings rows of analytics.allow would have withheld");
  auto options = std::make_shared<AllowOptions>();
  sub->add_option("--test", options->test, "file of records, or - for standard input")->required();
  options->configuration.add_to(*sub);
  sub->add_flag("--json", options->json, "as JSON");
  sub->callback([options, &command] { command = [options] { return test(*options); }; });
}

}  // namespace lapwing
