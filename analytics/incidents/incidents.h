// Incidents: findings and alerts put together by the host they are about.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "analytics/frame/surroundings.h"
#include "analytics/incidents/case.h"
#include "analytics/shape/table.h"
#include "sensor/base/counters.h"
#include "sensor/base/options.h"

namespace lapwing::analytics {

/// [S]
struct IncidentConfig {
  bool enabled = true;
  uint64_t opens_at = 0;           // score
  uint64_t quiet = 0, memory = 0;  // seconds
};
std::span<const OptionRow<IncidentConfig>> incident_options();

struct IncidentCounters {
  uint64_t input = 0;  // findings and alerts
  uint64_t opened = 0, updates = 0, closed = 0, background = 0, promoted = 0, open = 0;
  uint64_t previous_max = 0;  // closed incidents that are not remembered: as many are as may be
  uint64_t hosts_max = 0;     // hosts that are named no more: as many became known since as may be
  uint64_t subjects_max = 0;  // findings and alerts of hosts beyond those that are remembered
  uint64_t alerts_max = 0;    // alerts left out: as many hosts and rules alerted in their second as may be
  uint64_t shared_max = 0;    // objects of findings by which no hosts are linked: as many are remembered as may be
};
std::span<const CounterRow<IncidentCounters>> incident_counter_rows();

class IncidentSink {
 public:
  virtual ~IncidentSink() = default;
  virtual void incident(const Incident& incident) = 0;
};

/// [G] A host's findings and alerts within a day of each other are one case. It is told, with all its past, from the
/// score on at which it becomes an incident. What comes from outside and has no effect is background: a case for each
/// technique, network of targets and day, which only counts, until one of its targets becomes an incident.
class Incidents {
 public:
  static constexpr size_t kMostSubjects = 16384, kMostHosts = 65536, kMostShared = 16384;

  Incidents(const IncidentConfig& config, const Surroundings& surroundings, IncidentSink& sink)
      : config_(config), surroundings_(surroundings), sink_(sink), hosts_(kMostHosts, surroundings.hash_seed) {}

  /// Of a second, and cut.
  void take(const AlertSums& alerts);
  void take(const Behaviour& behaviour);
  /// What the inventory knows a host by from here on.
  void known(const IpAddress& address, const AssetBrief& brief);
  void expire(int64_t second);
  void finish();
  /// A person closes one that is open, as of the last second judged. `reason` is one of kCloseReasons. False: none of
  /// that id is open.
  bool close(std::string_view id, std::string_view reason);
  const IncidentCounters& counters() const { return counters_; }
  const CaseCounters& case_counters() const { return case_counters_; }
  void add_counters(CounterSet& set) const;

 private:
  Case* of(const std::string& subject, Timestamp time);
  const AssetBrief* host_at(std::string_view text);
  Case* background(const AlertSums::Key& key, const AlertSums::Sum& sum);
  Case* home_of(const Behaviour& behaviour, bool inside);
  void attacked(const std::string& victim, const Case& by, Timestamp time);
  void acted(Case& subject, Timestamp time);
  void consider(Case& subject, Timestamp time);
  void tell(Case& subject, IncidentState state, std::string_view reason, Timestamp time);
  void share(Case& subject, const Behaviour& behaviour);
  void open(Case& subject, std::string_view reason, Timestamp time);
  void promote(const Case& victim, Timestamp time);
  void close(Case& subject, std::string_view reason, Timestamp time);

  const IncidentConfig& config_;
  const Surroundings& surroundings_;
  IncidentSink& sink_;
  std::map<std::string, std::unique_ptr<Case>> cases_;  // by subject
  // By finding that is not over, the case it began in: its times and targets would name another one later.
  std::map<std::string, std::string> homes_;
  struct Attacked {
    std::string by;       // id of the case
    std::string case_of;  // and its key
    std::string campaign;
    Timestamp time;
  };
  std::map<std::string, Attacked> attacked_;  // by victim
  struct Closed {
    std::string id;
    Timestamp time;
  };
  std::map<std::string, Closed> closed_;  // the last, by subject
  struct Shared {
    std::set<std::string> subjects;
    Timestamp last;
  };
  std::map<std::string, Shared> sharing_;  // by object
  Table<IpAddress, AssetBrief> hosts_;
  int64_t expired_to_ = INT64_MIN, now_ = 0;
  IncidentCounters counters_;
  CaseCounters case_counters_;
};

/// What add_counters() adds, for listing.
void list_incident_counters(CounterSet& set);

}  // namespace lapwing::analytics
