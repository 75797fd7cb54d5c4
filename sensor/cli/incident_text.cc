#include "sensor/cli/incident_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

namespace lapwing {
namespace {

constexpr size_t kShown = 15;

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  std::string out;
  for (std::string_view word : words) out.append(out.empty() ? "" : separator).append(word);
  return out;
}

void add_once(std::vector<std::string_view>& words, std::string_view word) {
  if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
}

}  // namespace

std::string one_line(const Incident& incident) {
  std::vector<std::string_view> detectors, tactics;
  for (const Incident::Member& finding : incident.findings) add_once(detectors, finding.name);
  for (const Incident::Attack& attack : incident.attack) add_once(tactics, attack.tactic);
  std::string what = joined(detectors, ", ");
  if (incident.alerts_total > 0) {
    what += fmt::format("{}{} alert{} of {} rule{}", what.empty() ? "" : "; ", incident.alerts_total,
                        incident.alerts_total == 1 ? "" : "s", incident.signatures.size(),
                        incident.signatures.size() == 1 ? "" : "s");
  }
  return fmt::format("{:<8} {:>3}  {}  {}  {}  {}", name(incident.level), incident.score, incident.subject, what,
                     joined(tactics, " "), incident.id);
}

void print_incidents(std::span<const Incident> incidents) {
  const auto background = [](const Incident& incident) { return incident.background; };
  const auto behind = std::ranges::find_if(incidents, background);
  const size_t count = static_cast<size_t>(behind - incidents.begin());
  if (count > 0) fmt::print(stderr, "incidents:\n");
  for (const Incident& incident : incidents.first(std::min(count, kShown))) {
    fmt::print(stderr, "  {}\n", one_line(incident));
  }
  if (count > kShown) fmt::print(stderr, "  and {} more\n", count - kShown);
  if (behind != incidents.end()) {
    fmt::print(stderr, "attacks from outside without effect: {} in the background\n", incidents.size() - count);
  }
}

}  // namespace lapwing
