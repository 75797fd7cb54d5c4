#include "analytics/incidents/next.h"

#include <algorithm>
#include <array>

namespace lapwing::analytics {
namespace {

/// A technique with its sub-techniques, and what it leads to. Nothing follows here from what is an end in itself:
/// exfiltration and impact.
struct Row {
  std::string_view technique;
  std::array<std::string_view, 3> next;
};
constexpr Row kRows[] = {
    // Hosts and services are known: accounts are tried, holes used.
    {"T1595", {"T1190", "T1110", ""}},
    {"T1018", {"T1046", "T1021", ""}},
    {"T1046", {"T1110", "T1210", "T1021"}},
    // Credentials are known: they are used.
    {"T1040", {"T1078", "T1021", ""}},
    {"T1110", {"T1078", "T1021", ""}},
    {"T1552", {"T1078", "T1021", ""}},
    {"T1557", {"T1040", "T1110", "T1078"}},
    {"T1078", {"T1046", "T1021", "T1003"}},
    // Code runs: more of it comes, and calls home.
    {"T1190", {"T1059", "T1105", "T1071"}},
    {"T1203", {"T1059", "T1105", "T1071"}},
    {"T1210", {"T1059", "T1105", "T1003"}},
    {"T1566", {"T1204", "T1105", "T1071"}},
    {"T1059", {"T1105", "T1003", "T1046"}},
    {"T1105", {"T1059", "T1570", ""}},
    // A host obeys: it is asked for what it knows and whom it reaches.
    {"T1071", {"T1046", "T1003", "T1041"}},
    {"T1095", {"T1046", "T1003", "T1041"}},
    {"T1219", {"T1046", "T1003", "T1041"}},
    {"T1568", {"T1105", "T1046", "T1041"}},
    {"T1571", {"T1046", "T1003", "T1041"}},
    {"T1572", {"T1046", "T1003", "T1041"}},
    {"T1573", {"T1046", "T1003", "T1041"}},
    // It has gone on to another.
    {"T1021", {"T1003", "T1570", "T1046"}},
};

/// "T1110" of "T1110.001".
std::string_view parent(std::string_view technique) {
  return technique.substr(0, technique.find('.'));
}

}  // namespace

std::vector<std::string_view> next_of(std::span<const Incident::Attack> attack) {
  std::vector<std::string_view> out;
  const auto had = [&](std::string_view technique) {
    return std::ranges::any_of(attack, [&](const Incident::Attack& of) { return parent(of.technique) == technique; });
  };
  for (const Incident::Attack& of : attack) {
    const auto row = std::ranges::find(kRows, parent(of.technique), &Row::technique);
    if (row == std::end(kRows)) continue;
    for (std::string_view next : row->next) {
      if (out.size() == kMostNext) return out;
      if (!next.empty() && !had(next) && std::ranges::find(out, next) == out.end()) out.push_back(next);
    }
  }
  return out;
}

}  // namespace lapwing::analytics
