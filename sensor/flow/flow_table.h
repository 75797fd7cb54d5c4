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

/// Seconds of silence after which a flow ends, in each state. Protocols other than TCP never become closed.
struct FlowTimeouts {
  uint64_t new_flow = 0, established = 0, closed = 0, bypassed = 0;
};

/// [S] Keys "flow.*", "flow-timeouts.<proto>.<state>", "vlan.use-for-tracking", with Suricata's names and meaning.
struct FlowConfig {
  uint64_t memcap = 0, hash_size = 0, prealloc = 0;
  uint64_t emergency_recovery = 0;  // percent of the cap that must be free again
  bool use_vlan = true, use_tunnel = false;
  bool midstream = false, async_oneside = false;  // a connection may begin with its SYN/ACK
  uint64_t default_new = 0, default_established = 0, default_closed = 0, default_bypassed = 0;
  uint64_t default_emergency_new = 0, default_emergency_established = 0, default_emergency_closed = 0,
           default_emergency_bypassed = 0;
  uint64_t tcp_new = 0, tcp_established = 0, tcp_closed = 0, tcp_bypassed = 0;
  uint64_t tcp_emergency_new = 0, tcp_emergency_established = 0, tcp_emergency_closed = 0, tcp_emergency_bypassed = 0;
  uint64_t udp_new = 0, udp_established = 0, udp_bypassed = 0;
  uint64_t udp_emergency_new = 0, udp_emergency_established = 0, udp_emergency_bypassed = 0;
  uint64_t icmp_new = 0, icmp_established = 0, icmp_bypassed = 0;
  uint64_t icmp_emergency_new = 0, icmp_emergency_established = 0, icmp_emergency_bypassed = 0;

  FlowTimeouts timeouts(uint8_t proto, bool emergency) const;
};
std::span<const OptionRow<FlowConfig>> flow_options();

struct FlowCounters {
  uint64_t total = 0, active = 0, tcp = 0, udp = 0, icmpv4 = 0, icmpv6 = 0, tcp_reuse = 0;
  uint64_t memcap = 0, memuse = 0, forced = 0, emergency_entered = 0, emergency_over = 0, timed_out = 0,
           returns_ignored = 0;
  uint64_t end_new = 0, end_established = 0, end_closed = 0, end_bypassed = 0;
  uint64_t end_none = 0, end_listen = 0, end_syn_sent = 0, end_syn_recv = 0, end_tcp_established = 0, end_fin_wait1 = 0,
           end_fin_wait2 = 0, end_time_wait = 0, end_last_ack = 0, end_close_wait = 0, end_closing = 0,
           end_tcp_closed = 0;
};
std::span<const CounterRow<FlowCounters>> flow_counter_rows();

/// [W] Timeouts count in whole seconds of packet time, as Suricata's do: a flow is over when the second of `now` lies
/// more than the timeout behind the second of its last packet. What the table does is a function of the packets and
/// times it is given: where time runs backwards, ends by expire() come later, never a packet too early.
///
/// At the memory cap the table goes into emergency: the emergency timeouts hold, and where they free nothing the flows
/// nearest to their timeout end first (FlowEnd::forced). It lasts until `emergency_recovery` percent of the cap are
/// free.
class FlowTable {
 public:
  /// Called when a flow ends, before its attachments are destroyed. Must not call the table.
  using OnEnd = std::function<void(Flow&, Timestamp now)>;

  /// Flow ids are made with `id_seed`; the table's own seed is drawn, and no result depends on it.
  FlowTable(const FlowConfig& config, uint64_t id_seed, OnEnd on_end);
  ~FlowTable();

  /// Hash of the packet's flow, for prefetch() and find_or_create(); 0 when it has none.
  struct Lookup {
    FlowKey key;
    uint64_t hash = 0;
    bool swapped = false, valid = false;
  };
  Lookup look(const Packet& packet) const;
  /// Passes over a burst before find_or_create(): prefetch() fetches the bucket, prefetch_flow() the flow it points to.
  void prefetch(const Lookup& lookup) const;
  void prefetch_flow(const Lookup& lookup) const;
  /// The packet's flow with counters, times, TTLs and flags updated and, for TCP, tcp_reuse handled; null when the
  /// packet has no flow or the memory cap refuses one. `direction` 0: to the server.
  Flow* find_or_create(const Packet& packet, const Lookup& lookup, uint8_t& direction);
  /// The flow an ICMP error quotes, or null. The error counts as a packet of that flow, as in Suricata, but
  /// establishes nothing.
  Flow* find_quoted(const Packet& packet, uint8_t& direction);
  /// Ends flows whose time is over at `now`; at most `budget` of them when budget is not 0. True when that was not
  /// enough.
  bool expire(Timestamp now, size_t budget);
  /// Seconds for which the flow that comes up next has waited for its turn.
  int64_t late(Timestamp now) const;
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
