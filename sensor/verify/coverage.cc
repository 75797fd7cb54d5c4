// Which techniques are shown by tests, and which only claimed.
#include <algorithm>
#include <map>
#include <set>

#include "sensor/verify/report.h"

namespace lapwing::verify {
namespace {

constexpr int kRecorded = 100, kGenerated = 70, kClaimed = 40, kMissed = 0;

/// A finding's name may tell its kind behind a colon: scan:vertical.
bool is_of(std::string_view behaviour, std::string_view detector) {
  return behaviour == detector || (behaviour.starts_with(detector) && behaviour[detector.size()] == ':');
}

bool shows(const CaseResult& result, std::string_view detector, std::string_view technique) {
  return result.status == Status::passed && std::ranges::find(result.attack, technique) != result.attack.end() &&
         std::ranges::any_of(result.behaviours, [&](const std::string& name) { return is_of(name, detector); });
}

struct Technique {
  int score = kMissed;
  std::set<std::string> tests, detectors;
};

std::map<std::string, Technique> techniques_of(std::span<const Claim> claims, std::span<const CaseResult> results) {
  std::map<std::string, Technique> out;
  for (const Claim& claim : claims) {
    for (std::string_view id : claim.techniques) {
      Technique& technique = out[std::string(id)];
      technique.score = kClaimed;
      technique.detectors.emplace(claim.name);
    }
  }
  std::set<std::string> missed;
  for (const CaseResult& result : results) {
    for (const std::string& id : result.attack) {
      if (result.status == Status::failed) missed.insert(id);
      if (result.status != Status::passed) continue;
      Technique& technique = out[id];
      technique.score = std::max(technique.score, result.generated ? kGenerated : kRecorded);
      technique.tests.insert(result.name);
    }
  }
  for (const std::string& id : missed) {
    Technique& technique = out[id];
    if (technique.tests.empty()) technique.score = kMissed;
  }
  return out;
}

std::string comment_of(const Technique& technique) {
  std::string out;
  for (const std::string& test : technique.tests) out += (out.empty() ? "" : "; ") + test;
  std::string detectors;
  for (const std::string& name : technique.detectors) detectors += (detectors.empty() ? "" : ", ") + name;
  if (!detectors.empty()) out += (out.empty() ? "claimed by " : "; claimed by ") + detectors;
  return out;
}

}  // namespace

std::vector<Gap> gaps_of(std::span<const Claim> claims, std::span<const CaseResult> results) {
  std::vector<Gap> out;
  for (const Claim& claim : claims) {
    for (std::string_view id : claim.techniques) {
      const auto shown = [&](const CaseResult& result) { return shows(result, claim.name, id); };
      if (std::ranges::none_of(results, shown)) out.push_back({std::string(id), std::string(claim.name)});
    }
  }
  return out;
}

std::string to_layer(std::span<const Claim> claims, std::span<const CaseResult> results) {
  Json techniques = Json::array();
  for (const auto& [id, technique] : techniques_of(claims, results)) {
    techniques.push_back(
        {{"techniqueID", id}, {"score", technique.score}, {"comment", comment_of(technique)}, {"enabled", true}});
  }
  const Json layer = {
      {"name", "Lapwing"},
      {"versions", {{"attack", "18"}, {"navigator", "5.2.0"}, {"layer", "4.5"}}},
      {"domain", "enterprise-attack"},
      {"description", "Techniques that tests show, and those that detectors claim"},
      {"sorting", 3},
      {"gradient", {{"colors", {"#ff6666ff", "#ffe766ff", "#8ec843ff"}}, {"minValue", 0}, {"maxValue", 100}}},
      {"legendItems",
       {{{"label", "shown on recorded traffic: 100"}, {"color", "#8ec843"}},
        {{"label", "shown on traffic made for it: 70"}, {"color", "#c0d852"}},
        {{"label", "claimed, without a test: 40"}, {"color", "#ffcd66"}},
        {{"label", "missed by a test: 0"}, {"color", "#ff6666"}}}},
      {"techniques", techniques}};
  return layer.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lapwing::verify
