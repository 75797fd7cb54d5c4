// Stations: the MAC addresses of each flow's sides, kept where records are to show them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "sensor/base/counters.h"
#include "sensor/event/envelope.h"
#include "sensor/flow/flow.h"

namespace lapwing {

struct StationCounters {
  uint64_t max_stations = 0;
};
std::span<const CounterRow<StationCounters>> station_counter_rows();

/// [W] In order of first appearance, each address once. What it holds is bounded by the flows there are.
class Stations {
 public:
  static constexpr size_t kMaxStations = 10;  // of one side of a flow

  explicit Stations(bool wanted) : wanted_(wanted) {}

  bool wanted() const { return wanted_; }
  /// `ether` is a packet's Ethernet header; `to_client`: the packet travels so.
  void note(const Flow& flow, const uint8_t* ether, bool to_client);
  /// Client and server changed places.
  void swap_direction(const Flow& flow);
  void forget(const Flow& flow);
  /// Those of the client are the envelope's source.
  void describe(const Flow& flow, Envelope& envelope) const;
  const StationCounters& counters() const { return counters_; }

 private:
  struct Side {
    std::array<MacAddress, kMaxStations> known;
    uint8_t count = 0;

    std::span<const MacAddress> view() const { return std::span(known).first(count); }
  };

  void note(Side& side, const uint8_t* address);

  const bool wanted_;
  std::unordered_map<const Flow*, std::array<Side, 2>> flows_;  // client, server
  StationCounters counters_;
};

}  // namespace lapwing
