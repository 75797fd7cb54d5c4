#include "sensor/pipeline/stations.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lapwing {
namespace {

constexpr CounterRow<StationCounters> kStationRows[] = {
    {"flow.max_stations", &StationCounters::max_stations,
     "packets whose MAC address was not kept, as that side of the flow had shown 10 others; with ethernet: yes",
     CounterKind::loss},
};

}  // namespace

std::span<const CounterRow<StationCounters>> station_counter_rows() {
  return kStationRows;
}

void Stations::note(Side& side, const uint8_t* address) {
  MacAddress mac;
  std::memcpy(mac.data(), address, mac.size());
  const auto known = side.view();
  if (std::ranges::find(known, mac) != known.end()) return;
  if (side.count == kMaxStations) {
    ++counters_.max_stations;
    return;
  }
  side.known[side.count++] = mac;
}

void Stations::note(const Flow& flow, const uint8_t* ether, bool to_client) {
  auto& sides = flows_[&flow];
  note(sides[to_client], ether + 6);
  note(sides[!to_client], ether);
}

void Stations::swap_direction(const Flow& flow) {
  if (auto found = flows_.find(&flow); found != flows_.end()) std::swap(found->second[0], found->second[1]);
}

void Stations::forget(const Flow& flow) {
  if (wanted_) flows_.erase(&flow);
}

void Stations::describe(const Flow& flow, Envelope& envelope) const {
  auto found = flows_.find(&flow);
  if (found == flows_.end()) return;
  envelope.ether_srcs = found->second[0].view();
  envelope.ether_dests = found->second[1].view();
}

}  // namespace lapwing
