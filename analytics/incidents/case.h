// Case: one incident as it grows.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/frame/alerts.h"
#include "sensor/base/counters.h"
#include "sensor/event/incident.h"

namespace lapwing::analytics {

/// Of what cases have no room for.
struct CaseCounters {
  uint64_t techniques_max = 0, objects_max = 0, findings_max = 0, living_max = 0, signatures_max = 0, links_max = 0;
};
std::span<const CounterRow<CaseCounters>> case_counter_rows();

/// [G] Its memory is bounded, whatever joins it: what is beyond is counted.
class Case {
 public:
  static constexpr size_t kMostTechniques = 64, kMostObjects = 256, kMostFindings = 32, kMostSignatures = 32,
                          kMostLinks = 32;
  static constexpr size_t kShownObjects = 32;  // of those that it tells apart

  /// `counters` are borrowed.
  Case(std::string id, std::string subject, Timestamp first, CaseCounters& counters);

  void add(const Behaviour& behaviour);
  void add(const AlertSums::Key& key, const AlertSums::Sum& sum, std::string_view role, const std::string& object);
  void follow(std::string previous) { told_.previous = std::move(previous); }
  void link(const std::string& incident, std::string_view kind);

  /// 0 to 100, over distinct techniques: a hundred repeats of one add what three do, a second tactic more than either.
  unsigned score() const;
  /// As its record tells it.
  Incident tell(IncidentState state, std::string_view reason, Timestamp time) const;

  const std::string& id() const { return told_.id; }
  const std::string& subject() const { return told_.subject; }
  Timestamp first() const { return told_.first; }
  Timestamp last() const { return told_.last; }
  /// A finding of it is not over, though there may be no news of it for long.
  bool lives() const { return !living_.empty(); }
  /// When the last of those that are over was.
  Timestamp ended() const { return ended_; }
  /// Findings and alerts that joined.
  uint64_t items() const { return told_.findings_total + told_.alerts_total; }
  size_t techniques() const { return techniques_.size(); }
  size_t tactics() const { return tactics_.size(); }
  bool linked() const { return !told_.links.empty(); }

  // As last told:
  bool open = false;
  uint64_t told_items = 0;
  size_t told_techniques = 0, told_tactics = 0;
  FindingLevel told_level = FindingLevel::info;
  Timestamp told_at;
  unsigned matters = 100;  // in percent: how much its subject does
  std::string campaign;
  std::string cause;  // key of the case that it spread from
  bool background = false, promoted = false;

 private:
  struct Technique {
    std::string id, tactic;
    unsigned weight = 0;         // severity times confidence, 0 to 10,000: the most of its members
    std::set<uint64_t> objects;  // that are shown
    std::set<uint64_t> growth;  // that raise its weight: of a finding the first, as its confidence says how many it has
  };
  void note(std::string_view id, std::string_view tactic, unsigned weight, const std::vector<std::string>& objects);
  void note_object(const std::string& object, std::string_view role);
  void note_time(Timestamp first, Timestamp last);

  Incident told_;
  CaseCounters& counters_;
  std::vector<uint64_t> objects_;  // their hashes, ascending
  std::vector<Technique> techniques_;
  std::set<std::string> tactics_;
  std::set<std::string> living_;  // ids of findings, kMostFindings at most
  Timestamp ended_;
};

}  // namespace lapwing::analytics
