#include "tests/hunt/verdicts.h"

#include <map>
#include <nlohmann/json.hpp>

#include "sensor/event/behaviour.h"

namespace lapwing::hunt {
namespace {

using nlohmann::json;

/// What is wrong with the life of something that is told of again and again; empty: nothing.
class Lives {
 public:
  explicit Lives(std::string_view end) : end_(end) {}
  std::string_view next(const std::string& id, const std::string& state) {
    bool& open = open_[id];
    const bool begins = state == "open";
    if (begins == open) return begins ? "opened twice" : "goes on without an opening";
    open = state != end_;
    return {};
  }
  bool known(const std::string& id) const { return open_.contains(id); }
  bool any_open() const {
    for (const auto& [id, open] : open_) {
      if (open) return true;
    }
    return false;
  }

 private:
  const std::string_view end_;
  std::map<std::string, bool> open_;
};

/// Their form is one, so that texts compare as times do.
bool ordered(const json& object) {
  return object.value("first", "") <= object.value("last", "");
}

class Reader {
 public:
  std::string_view read(const json& record) {
    const std::string type = record.value("event_type", "");
    return type == "behaviour"  ? of_finding(record["behaviour"])
           : type == "incident" ? of_incident(record["incident"])
                                : of_asset(record["asset"]);
  }
  /// A replay ends with the end of all findings; incidents stay open.
  std::string_view finish() const { return findings_.any_open() ? "a finding that never ends" : std::string_view(); }

 private:
  std::string_view of_finding(const json& finding) {
    const unsigned severity = finding.value("severity", 101U), confidence = finding.value("confidence", 101U);
    if (severity > 100 || confidence > 100) return "severity or confidence beyond 100";
    if (finding.value("level", "") != name(level_of(severity, confidence))) return "a level of another score";
    if (finding.value("subject", "").empty()) return "no subject";
    if (!ordered(finding)) return "last before first";
    const std::string id = finding.value("id", ""), subject = finding["subject"];
    const bool begins = finding["state"] == "open";
    if (begins) homes_.erase(id);
    if (!begins && subjects_[id] != subject) return "another subject";
    subjects_[id] = subject;
    if (const auto wrong = findings_.next(id, finding.value("state", "")); !wrong.empty()) return wrong;
    uint64_t& count = counts_[id];
    const uint64_t before = begins ? 0 : count;
    count = finding.value("count", uint64_t{0});
    return count < before ? "a count that falls" : std::string_view();
  }
  std::string_view of_incident(const json& incident) {
    const std::string id = incident.value("id", ""), state = incident.value("state", "");
    if (incident.value("score", 101U) > 100) return "a score beyond 100";
    if (!ordered(incident)) return "last before first";
    const json listed = incident.value("findings", json::array());
    if (incident.value("findings_total", uint64_t{0}) < listed.size()) return "more findings than in all";
    for (const json& finding : listed) {
      const std::string of = finding.value("id", "");
      if (!findings_.known(of)) return "a finding that was never told";
      if (homes_.try_emplace(of, id).first->second != id) return "a finding of another incident";
      if (!ordered(finding)) return "last before first";
    }
    // One without effect is told at its end alone.
    if (incident.value("background", false)) return state == "closed" ? "" : "background that is no end";
    return incidents_.next(id, state);
  }
  static std::string_view of_asset(const json& asset) {
    if (asset.value("id", "").empty()) return "no id";
    for (const char* list : {"addresses", "names", "software", "users", "services"}) {
      for (const json& row : asset.value(list, json::array())) {
        if (!ordered(row)) return "last before first";
      }
    }
    return ordered(asset) ? std::string_view() : "last before first";
  }

  Lives findings_{"over"}, incidents_{"closed"};
  std::map<std::string, uint64_t> counts_;               // by finding, as the next two
  std::map<std::string, std::string> subjects_, homes_;  // the incident that lists it
};

}  // namespace

std::optional<Finding> examine_verdicts(std::span<const std::string> records) {
  Reader reader;
  constexpr size_t kQuoted = 3000;
  for (const std::string& line : records) {
    // Most are none of these, and parsing them all would take most of the time.
    const bool judged = line.find("\"event_type\":\"behaviour\"") != std::string::npos ||
                        line.find("\"event_type\":\"incident\"") != std::string::npos ||
                        line.find("\"event_type\":\"asset\"") != std::string::npos;
    if (!judged) continue;
    const json record = json::parse(line);
    if (const std::string_view wrong = reader.read(record); !wrong.empty())
      return Finding{"impossible " + record.value("event_type", ""), std::string(wrong), line.substr(0, kQuoted)};
  }
  if (const std::string_view wrong = reader.finish(); !wrong.empty())
    return Finding{"impossible behaviour", std::string(wrong), ""};
  return std::nullopt;
}

}  // namespace lapwing::hunt
