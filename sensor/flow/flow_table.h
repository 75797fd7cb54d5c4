// FlowTable: the flows of one worker, their timeouts and their memory cap.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/flow/flow.h"

namespace lapwing {

/// [S] Keys "flow.*", "flow-timeouts.<proto>.<state>", "vlan.use-for-tracking", with Suricata's names and meaning.
struct FlowConfig {
  uint64_t memcap = 0, hash_size = 0, prealloc = 0;
  bool use_vlan = true, use_tunnel = false;
  // timeouts: the flow room completes this list
};
std::span<const OptionRow<FlowConfig>> flow_options();

struct FlowCounters {
  uint64_t total = 0, active = 0, memcap = 0, memuse = 0;
  // the flow room completes this list ("flow.tcp", "flow.udp", "flow.memcap", "flow.mgr.*" as Suricata names them)
};
std::span<const CounterRow<FlowCounters>> flow_counter_rows();

class FlowTable {
 public:
  /// Called when a flow ends, before its attachments are destroyed.
  using OnEnd = std::function<void(Flow&, Timestamp now)>;

  FlowTable(const FlowConfig& config, uint64_t hash_seed, OnEnd on_end);
  ~FlowTable();

  /// Hash of the packet's flow, for prefetch() and find_or_create(); 0 when it has none.
  struct Lookup { FlowKey key; uint64_t hash = 0; bool swapped = false, valid = false; };
  Lookup look(const Packet& packet) const;
  void prefetch(const Lookup& lookup) const;
  /// The packet's flow with counters, times, TTLs and flags updated and, for TCP, tcp_reuse handled; null when the
  /// packet has no flow or the memory cap refuses one. `direction` 0: to the server.
  Flow* find_or_create(const Packet& packet, const Lookup& lookup, uint8_t& direction);
  /// The flow an ICMP error quotes, or null.
  Flow* find_quoted(const Packet& packet, uint8_t& direction);
  /// Ends flows whose time is over at `now`; at most `budget` of them when budget is not 0.
  void expire(Timestamp now, size_t budget);
  /// Ends one flow now, or all.
  void end(Flow& flow, FlowEnd reason, Timestamp now);
  void end_all(Timestamp now);
  /// Re-files the flow after its state changed.
  void set_state(Flow& flow, FlowState state);
  const FlowCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
