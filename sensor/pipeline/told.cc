#include "sensor/pipeline/told.h"

namespace lapwing {
namespace {

constexpr CounterRow<ToldCounters> kToldRows[] = {
    {"analytics.incidents_max", &ToldCounters::incidents_max,
     "incidents that lists and the summary leave out, in their records alone: 16384 are graver", CounterKind::loss},
    {"analytics.assets_max", &ToldCounters::assets_max,
     "tellings of hosts that lists leave out, in their records alone: 65536 others are in them", CounterKind::loss},
};

}  // namespace

std::span<const CounterRow<ToldCounters>> told_counter_rows() {
  return kToldRows;
}

bool Told::Graver::operator()(const Incident* one, const Incident* other) const {
  if (one->background != other->background) return other->background;
  return one->score != other->score ? one->score > other->score : one->id < other->id;
}

void Told::take(const Incident& incident) {
  const std::lock_guard lock(mutex_);
  const bool over = incident.state == IncidentState::closed && incident.reason != "end" && !replay_;
  // Memory may lack for any of it: what is taken out first is known no more, and not half.
  if (const auto known = incidents_.find(incident.id); known != incidents_.end()) drop(known);
  if (over) return;
  const auto made = incidents_.emplace(incident.id, incident).first;
  try {
    by_gravity_.insert(&made->second);
  } catch (...) {
    incidents_.erase(made);
    throw;
  }
  if (by_gravity_.size() <= kMostIncidents) return;
  drop(incidents_.find((*by_gravity_.rbegin())->id));
  ++counters_.incidents_max;
}

void Told::drop(std::map<std::string, Incident>::iterator known) {
  by_gravity_.erase(&known->second);
  incidents_.erase(known);
}

void Told::take(const Asset& asset) {
  if (replay_) return;
  const std::lock_guard lock(mutex_);
  const auto known = assets_.find(asset.id);
  if (asset.state == AssetState::gone) {
    if (known != assets_.end()) assets_.erase(known);
  } else if (known != assets_.end()) {
    known->second = asset;
  } else if (assets_.size() < kMostAssets) {
    assets_.emplace(asset.id, asset);
  } else {
    ++counters_.assets_max;
  }
}

std::vector<Incident> Told::incidents() const {
  std::vector<Incident> out;
  const std::lock_guard lock(mutex_);
  for (const Incident* incident : by_gravity_) out.push_back(*incident);
  return out;
}

std::vector<Asset> Told::assets() const {
  std::vector<Asset> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, asset] : assets_) out.push_back(asset);
  return out;
}

void Told::add_counters(CounterSet& set) const {
  const std::lock_guard lock(mutex_);
  set.add(counters_, told_counter_rows());
}

}  // namespace lapwing
