#include "tests/hunt/examine.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "sensor/verify/recut.h"
#include "tests/hunt/verdicts.h"

namespace lapwing::hunt {
namespace {

using nlohmann::json;
using test::BuiltFrame;
using Lines = std::vector<std::string>;

// What records may come to, measured by the capture. A record of a flow is bounded by its message; alerts, flow records
// and anomalies of packets are there for every flow and packet, whatever they brought.
constexpr uint64_t kRecordBase = 64 << 10, kRecordTimes = 8;
constexpr uint64_t kAllBase = 512 << 10, kAllTimes = 24, kAllOfFrame = 24 << 10;

// Signatures from here on look at single packets, which a capture that was cut anew has others of (hunt.rules).
constexpr int kPacketSignatures = 5000;

constexpr size_t kShown = 1200;  // bytes of a record, where a finding quotes it

// Bounds at which the same is given up whoever does the work: of one flow,
constexpr std::string_view kOfFlow[] = {"records.over_budget", "flow.max_stations"};
// and of what is judged when the work of all was put together, which changes nothing else.
constexpr std::string_view kOfVerdicts[] = {"analytics.rogue-",
                                            "analytics.icmp-tunnel.requests_max",
                                            "analytics.name-poisoning.names_max",
                                            "analytics.dns-tunnel.answers_max",
                                            "analytics.inventory.",
                                            "incidents."};

bool of_verdicts(const std::string& bound) {
  const auto begins = [&](std::string_view begin) { return bound.starts_with(begin); };
  return bound.ends_with(".evicted") || std::ranges::any_of(kOfVerdicts, begins);
}

std::string shown(const std::string& record) {
  return record.substr(0, kShown);
}

/// Of an alert that it was raised, and for which transaction: what else it shows is as of the packet that raised it.
json bare_alert(const json& alert) {
  json out;
  for (const char* name : {"event_type", "src_ip", "src_port", "dest_ip", "dest_port", "tx_id"}) {
    if (alert.contains(name)) out[name] = alert[name];
  }
  out["alert"]["signature_id"] = alert["alert"].value("signature_id", 0);
  return out;
}

/// What was seen of the applications: the rest depends on packets.
std::optional<std::string> of_applications(const std::string& line) {
  json record = json::parse(line);
  if (record.value("event_type", "") == "alert") {
    if (record["alert"].value("signature_id", 0) >= kPacketSignatures) return std::nullopt;
    return bare_alert(record).dump();
  }
  const auto kept = verify::of_applications(std::move(record));
  return kept ? std::optional(kept->dump()) : std::nullopt;
}

Lines applications(const Lines& records) {
  Lines out;
  for (const std::string& record : records) {
    if (auto kept = of_applications(record)) out.push_back(std::move(*kept));
  }
  std::ranges::sort(out);
  return out;
}

/// What does not tell of the sensor itself.
Lines of_traffic(Lines records) {
  std::erase_if(records, [](const std::string& record) {
    return record.find("\"event_type\":\"stats\"") != std::string::npos ||
           record.find("\"event_type\":\"loss\"") != std::string::npos;
  });
  std::ranges::sort(records);
  return records;
}

/// Whether what was given up, if anything, does not depend on how the work was shared.
bool shared_alike(const Outcome& outcome) {
  return std::ranges::all_of(verify::bounds_hit(outcome.counters), [](const std::string& bound) {
    return of_verdicts(bound) || std::ranges::find(kOfFlow, bound) != std::end(kOfFlow);
  });
}

/// Whether anything was given up on which the sharing or the cutting of the work has a say.
bool is_bounded(const Outcome& outcome) {
  return !std::ranges::all_of(verify::bounds_hit(outcome.counters), of_verdicts);
}

/// What kind of record it is: type, and signature or event.
std::string kind_of(const json& record) {
  std::string out = record.value("event_type", "");
  if (record.contains("alert")) out += " " + std::to_string(record["alert"].value("signature_id", 0));
  if (record.contains("anomaly")) out += " " + record["anomaly"].value("event", "");
  return out;
}

std::optional<Finding> difference(std::string kind, const Lines& want, const Lines& got) {
  if (want == got) return std::nullopt;
  Lines missing, extra;
  std::ranges::set_difference(want, got, std::back_inserter(missing));
  std::ranges::set_difference(got, want, std::back_inserter(extra));
  const json first = json::parse(missing.empty() ? extra.front() : missing.front());
  std::string place = kind_of(first), text;
  // Of the records of its kind on the other side, the most alike tells what differs.
  json closest;
  for (const std::string& line : missing.empty() ? missing : extra) {
    const json other = json::parse(line);
    if (kind_of(other) != kind_of(first)) continue;
    json patch = json::diff(first, other);
    if (closest.is_null() || patch.size() < closest.size()) closest = std::move(patch);
  }
  if (closest.is_null()) {
    place += missing.empty() ? " only in the second" : " only in the first";
  } else {
    place += " " + closest.front().value("path", "");
    text += closest.dump().substr(0, kShown) + "\n";
  }
  for (const std::string& line : missing) text += "- " + shown(line) + "\n";
  for (const std::string& line : extra) text += "+ " + shown(line) + "\n";
  constexpr size_t kAll = 20'000;
  return Finding{std::move(kind), place, text.substr(0, kAll)};
}

/// The first value of a member, without its quotes; parsing every record would take most of the time.
std::string value_of(const std::string& line, std::string_view member) {
  const std::string key = "\"" + std::string(member) + "\":";
  size_t begin = line.find(key);
  if (begin == std::string::npos) return {};
  begin += key.size();
  if (line[begin] == '"') ++begin;
  return line.substr(begin, line.find_first_of("\",}", begin) - begin);
}

/// Addresses and ports of the first of each from `begin` on.
std::string ends_of(const std::string& line, size_t begin, bool turned) {
  const std::string part = line.substr(begin);
  const std::string source = value_of(part, "src_ip") + " " + value_of(part, "src_port"),
                    destination = value_of(part, "dest_ip") + " " + value_of(part, "dest_port");
  return turned ? destination + " " + source : source + " " + destination;
}

/// Whether an alert's direction and addresses contradict each other; a packet that quotes another flow's has its own.
bool contradicts(const std::string& alert) {
  const size_t flow = alert.find("\"flow\":{");
  if (flow == std::string::npos || value_of(alert, "src_port").empty()) return false;
  const bool to_client = value_of(alert, "direction") == "to_client";
  const std::string ends = ends_of(alert, 0, false);
  return ends != ends_of(alert, flow, to_client) && ends == ends_of(alert, flow, !to_client);
}

void tell(const Outcome& outcome, const Seen& seen) {
  for (const std::string& line : outcome.records) {
    const std::string type = value_of(line, "event_type");
    seen("record " + type);
    if (type == "alert") seen("signature " + value_of(line, "signature_id"));
    if (type == "anomaly") seen("anomaly " + value_of(line, "event"));
  }
  for (const CounterValue& counter : outcome.counters.values()) {
    if (counter.value) seen("counter " + counter.path);
  }
}

std::optional<Finding> examine_records(const Outcome& outcome, std::span<const BuiltFrame> frames) {
  uint64_t brought = 0, written = 0;
  for (const BuiltFrame& frame : frames) brought += frame.bytes.size();
  if (outcome.broken) return Finding{"broken batch", "", "a record batch whose entries do not fit its text"};
  for (const std::string& record : outcome.records) {
    if (!json::accept(record) || record.find('\n') != std::string::npos)
      return Finding{"invalid record", value_of(record, "event_type"), shown(record)};
    if (value_of(record, "event_type") == "alert" && contradicts(record))
      return Finding{"direction against addresses", value_of(record, "signature_id"), shown(record)};
    const bool own = record.find("\"event_type\":\"stats\"") != std::string::npos;
    if (!own) written += record.size();
    if (!own && record.size() > kRecordBase + kRecordTimes * brought)
      return Finding{"record too long", "",
                     std::to_string(record.size()) + " bytes of " + std::to_string(brought) + ": " + shown(record)};
  }
  if (written > kAllBase + kAllTimes * brought + kAllOfFrame * frames.size())
    return Finding{"records too many", "",
                   std::to_string(outcome.records.size()) + " records, " + std::to_string(written) + " bytes, of " +
                       std::to_string(brought)};
  return examine_verdicts(outcome.records);
}

}  // namespace

std::string headline(const Finding& finding) {
  return finding.kind + " at " + (finding.place.empty() ? "no place" : finding.place) + ": " +
         finding.text.substr(0, finding.text.find('\n')).substr(0, 300);
}

Comparison compare(const Sensor& sensor, std::span<const BuiltFrame> frames, std::span<const BuiltFrame> others) {
  constexpr size_t kWorkers = 4;
  Comparison out;
  std::array<Lines, 2> seen;
  for (size_t i = 0; i < seen.size() && !out.finding; ++i) {
    const auto& at_hand = i == 0 ? frames : others;
    Outcome one = sensor.run(at_hand, 1, false), shared = sensor.run(at_hand, kWorkers, false);
    out.bounded |= is_bounded(one) || is_bounded(shared);
    seen[i] = applications(one.records);
    if (out.bounded) continue;
    out.finding = difference(i == 0 ? "workers differ" : "workers differ on other segments",
                             of_traffic(std::move(one.records)), of_traffic(std::move(shared.records)));
  }
  if (!out.finding && !out.bounded) out.finding = difference("segmentation differs", seen[0], seen[1]);
  return out;
}

std::optional<Finding> examine(const Sensor& sensor, std::span<const BuiltFrame> frames, const Checks& checks,
                               const Seen& seen) {
  const Outcome whole = sensor.run(frames, 1, checks.identify);
  if (auto finding = examine_records(whole, frames)) return finding;
  if (seen) tell(whole, seen);
  if (checks.workers > 1 && shared_alike(whole)) {
    const Outcome shared = sensor.run(frames, checks.workers, checks.identify);
    if (shared_alike(shared)) {
      if (auto finding = difference("workers differ", of_traffic(whole.records), of_traffic(shared.records)))
        return finding;
      if (seen) seen("workers " + std::to_string(checks.workers));
    }
  }
  // Where something was given up it is told, and what depends on the cutting.
  if (whole.lost) return std::nullopt;
  if (checks.segmentation) {
    const auto cut = verify::in_single_bytes(frames);
    if (!cut) return std::nullopt;
    const Outcome bytes = sensor.run(*cut, 1, checks.identify);
    if (auto finding = examine_records(bytes, *cut)) return finding;
    if (!bytes.lost) {
      if (auto finding = difference("segmentation differs", applications(whole.records), applications(bytes.records)))
        return finding;
    }
  }
  return std::nullopt;
}

}  // namespace lapwing::hunt
