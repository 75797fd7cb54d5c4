// Told: incidents and assets as last told, for whoever asks and for the summary of a run.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/event/asset.h"
#include "sensor/event/incident.h"

namespace lapwing {

struct ToldCounters {
  uint64_t incidents_max = 0;  // not kept: as many are graver as may be
  uint64_t assets_max = 0;     // tellings of hosts that are not kept: as many are as may be
};
std::span<const CounterRow<ToldCounters>> told_counter_rows();

/// [S] Of a replay all incidents and no asset, which nobody can ask for; of a live sensor those that are not over,
/// within the bounds: the gravest incidents, and the hosts told of first. What is beyond is in its records alone.
class Told {
 public:
  static constexpr size_t kMostIncidents = 16384, kMostAssets = 65536;

  explicit Told(bool replay) : replay_(replay) {}

  void take(const Incident& incident);
  void take(const Asset& asset);
  /// The gravest first.
  std::vector<Incident> incidents() const;
  std::vector<Asset> assets() const;
  void add_counters(CounterSet& set) const;

 private:
  struct Graver {
    bool operator()(const Incident* one, const Incident* other) const;
  };
  void drop(std::map<std::string, Incident>::iterator known);

  const bool replay_;
  mutable std::mutex mutex_;
  std::map<std::string, Incident> incidents_;     // by id
  std::set<const Incident*, Graver> by_gravity_;  // of incidents_
  std::map<std::string, Asset> assets_;           // by id
  ToldCounters counters_;
};

}  // namespace lapwing
