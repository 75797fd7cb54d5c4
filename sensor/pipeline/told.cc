#include "sensor/pipeline/told.h"

#include <iterator>

namespace lapwing {
namespace {

constexpr CounterRow<ToldCounters> kRows[] = {
    {"analytics.incidents_max", &ToldCounters::incidents_max,
     "incidents that lists and the summary leave out, in their records alone: 16384 are graver", CounterKind::loss},
    {"analytics.assets_max", &ToldCounters::assets_max,
     "tellings of hosts that lists leave out, in their records alone: 65536 others are in them", CounterKind::loss},
};

}  // namespace

std::span<const CounterRow<ToldCounters>> told_counter_rows() {
  return kRows;
}

bool Told::Graver::operator()(const Incident* one, const Incident* other) const {
  if (one->background != other->background) return other->background;
  return one->score != other->score ? one->score > other->score : one->id < other->id;
}

void Told::take(const Incident& incident) {
  const std::lock_guard lock(mutex_);
  auto known = incidents_.find(incident.id);
  if (known != incidents_.end()) by_gravity_.erase(&known->second);
  if (incident.state == IncidentState::closed && incident.reason != "end" && !replay_) {
    if (known != incidents_.end()) incidents_.erase(known);
    return;
  }
  if (known == incidents_.end()) known = incidents_.try_emplace(incident.id).first;
  known->second = incident;
  by_gravity_.insert(&known->second);
  if (by_gravity_.size() <= kMostIncidents) return;
  const auto least = std::prev(by_gravity_.end());
  const std::string id = (*least)->id;
  by_gravity_.erase(least);
  incidents_.erase(id);
  ++counters_.incidents_max;
}

void Told::take(const Asset& asset) {
  const std::lock_guard lock(mutex_);
  if (asset.state == AssetState::gone && !replay_) {
    assets_.erase(asset.id);
  } else if (assets_.size() < kMostAssets || assets_.contains(asset.id)) {
    assets_[asset.id] = asset;
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
