#include "sensor/flow/flow_table.h"

#include <algorithm>

#include "sensor/base/hash.h"
#include "sensor/flow/flow_buckets.h"
#include "sensor/flow/slab.h"
#include "sensor/flow/timer_wheel.h"

namespace lapwing {
namespace {

constexpr uint64_t kFlowIdMask = (uint64_t{1} << 51) - 1;  // JavaScript readers keep 53 bits exact
constexpr size_t kForcedSearch = 64;                       // flows looked at to find one nearest to its timeout
constexpr uint32_t kMaxFlows = 1U << 30;
constexpr uint32_t kMostReturns = 256;     // merged captures have a few
constexpr uint64_t kBucketShare = 64 / 8;  // bytes of the hash table for each flow
constexpr uint32_t kFillPerBucket = 9;     // of twelve: overflow stays rare

uint32_t flow_cap(const FlowConfig& config) {
  return static_cast<uint32_t>(std::min<uint64_t>(config.memcap / (sizeof(Flow) + kBucketShare), kMaxFlows));
}

uint32_t bucket_count(const FlowConfig& config, uint32_t flows) {
  return static_cast<uint32_t>(
      std::min<uint64_t>(std::max<uint64_t>(config.hash_size, flows), kMaxFlows) / kFillPerBucket + 1);
}

/// Suricata's rule: a SYN begins a new connection when the old one is at least half closed, TIME-WAIT excepted. A FIN
/// that nobody took closes nothing. What is only counted since its beginning was not seen gives way to any beginning,
/// or one stray packet would hide a connection.
bool accepts_new_connection(const Flow& flow) {
  if (flow.state == FlowState::bypassed && flow.met(FlowException::stream_midstream)) return true;
  return flow.tcp_state >= TcpState::last_ack && !(flow.syn.options & syn_option::fin_pending);
}

bool is_bare_syn(const Packet& packet) {
  constexpr uint8_t mask = tcp_flag::syn | tcp_flag::ack | tcp_flag::rst | tcp_flag::fin;
  return packet.is_tcp() && (packet.tcp_flags & mask) == tcp_flag::syn;
}

bool is_syn_ack(const Packet& packet) {
  constexpr uint8_t mask = tcp_flag::syn | tcp_flag::ack | tcp_flag::rst | tcp_flag::fin;
  return packet.is_tcp() && (packet.tcp_flags & mask) == (tcp_flag::syn | tcp_flag::ack);
}

}  // namespace

struct FlowTable::Impl {
  Impl(const FlowConfig& c, uint64_t ids, OnEnd end)
      : config(c),
        id_seed(ids),
        on_end(std::move(end)),
        flows(flow_cap(c)),
        buckets(bucket_count(c, flows.capacity())) {
    flows.preallocate(static_cast<uint32_t>(std::min<uint64_t>(c.prealloc, flows.capacity())));
    counters.memuse = buckets.bytes();
    for (bool mode : {false, true}) {
      timeouts[mode][0] = c.timeouts(0, mode);
      timeouts[mode][1] = c.timeouts(ip_proto::tcp, mode);
      timeouts[mode][2] = c.timeouts(ip_proto::udp, mode);
      timeouts[mode][3] = c.timeouts(ip_proto::icmp, mode);
    }
  }
  ~Impl() {
    while (Flow* flow = wheel.started() ? wheel.earliest() : nullptr) release(*flow);
  }

  /// Flattened, what XXH3 does for keys of other sizes falls away.
  [[gnu::flatten]] uint64_t hash(const FlowKey& key) const {
    return keyed_hash({reinterpret_cast<const uint8_t*>(&key), sizeof key}, seed);
  }
  Flow* find(const FlowKey& key, uint64_t hashed) const {
    uint32_t handle = buckets.find(hashed, [&](uint32_t h) { return flows[h].key == key; });
    return handle == kNoHandle ? nullptr : &flows[handle];
  }

  /// The first second in which the flow is over.
  int64_t deadline(const Flow& flow) const {
    uint8_t proto = flow.key.proto;
    size_t group = proto == ip_proto::tcp                                 ? 1
                   : proto == ip_proto::udp                               ? 2
                   : proto == ip_proto::icmp || proto == ip_proto::icmpv6 ? 3
                                                                          : 0;
    const FlowTimeouts& t = timeouts[emergency][group];
    uint64_t seconds = flow.state == FlowState::new_flow      ? t.new_flow
                       : flow.state == FlowState::established ? t.established
                       : flow.state == FlowState::closed      ? t.closed
                                                              : t.bypassed;
    return flow.last.seconds() + static_cast<int64_t>(std::min<uint64_t>(seconds, UINT32_MAX)) + 1;
  }
  bool over(const Flow& flow, Timestamp now) const { return now.seconds() >= deadline(flow); }

  Flow* create(const Packet& packet, const Lookup& lookup);
  bool make_room(Timestamp now);
  void account(Flow& flow, const Packet& packet, uint8_t direction);
  void count(Flow& flow, const Packet& packet, uint8_t direction);
  bool expire(Timestamp now, size_t budget);
  void end(Flow& flow, FlowEnd reason, Timestamp now);
  void release(Flow& flow);
  void count_end(const Flow& flow);

  const FlowConfig config;
  const uint64_t id_seed;
  // Records show ids, so that what finds flows must not be known from them.
  const uint64_t seed = draw_seed();
  const OnEnd on_end;
  Slab<Flow> flows;
  FlowBuckets buckets;
  TimerWheel wheel{flows};
  FlowTimeouts timeouts[2][4];  // [emergency][default, TCP, UDP, ICMP]
  bool emergency = false;
  uint32_t returns = 0;  // of time, by more than the wheel holds
  FlowCounters counters;
};

Flow* FlowTable::Impl::create(const Packet& packet, const Lookup& lookup) {
  if (flows.used() == flows.capacity() && !make_room(packet.time)) {
    ++counters.memcap;
    return nullptr;
  }
  uint32_t handle = flows.make();
  Flow& flow = flows[handle];
  flow.key = lookup.key;
  flow.client_side = lookup.swapped;
  flow.start = flow.last = packet.time;
  // Where connections are picked up at their SYN/ACK its sender is the server; elsewhere who comes first is the client.
  if ((config.midstream || config.async_oneside) && is_syn_ack(packet)) flow.client_side = !lookup.swapped;
  struct {
    FlowKey key;
    uint32_t padding = 0;
    int64_t time;
    uint64_t number;
  } identity{flow.key, 0, packet.time.ns, packet.number};
  static_assert(sizeof identity == 64);
  flow.id = std::max<uint64_t>(
      keyed_hash({reinterpret_cast<const uint8_t*>(&identity), sizeof identity}, id_seed) & kFlowIdMask, 1);

  buckets.insert(lookup.hash, handle);
  if (!wheel.started()) wheel.start(packet.time.seconds());
  wheel.file(flow, deadline(flow));
  ++counters.total;
  ++counters.active;
  counters.memuse += sizeof(Flow);
  switch (flow.key.proto) {
    case ip_proto::tcp: ++counters.tcp; break;
    case ip_proto::udp: ++counters.udp; break;
    case ip_proto::icmp: ++counters.icmpv4; break;
    case ip_proto::icmpv6: ++counters.icmpv6; break;
    default: break;
  }
  return &flow;
}

bool FlowTable::Impl::make_room(Timestamp now) {
  if (!emergency) {
    emergency = true;
    ++counters.emergency_entered;
    wheel.raise_all();
  }
  expire(now, 0);
  if (flows.used() < flows.capacity()) return true;
  for (size_t i = 0;; ++i) {
    Flow* flow = wheel.earliest();
    if (!flow) return false;
    if (int64_t due = deadline(*flow); i < kForcedSearch && due > wheel.filed(*flow)) {
      wheel.remove(*flow);
      wheel.file(*flow, due);
      continue;
    }
    ++counters.forced;
    end(*flow, FlowEnd::forced, now);
    return true;
  }
}

inline void FlowTable::Impl::count(Flow& flow, const Packet& packet, uint8_t direction) {
  uint8_t& low = flow.min_ttl[direction];
  uint8_t& high = flow.max_ttl[direction];
  bool first = flow.packets[direction]++ == 0;
  low = first ? packet.ttl : std::min(low, packet.ttl);
  high = first ? packet.ttl : std::max(high, packet.ttl);
  flow.bytes[direction] += packet.wire_length;
  flow.last = std::max(flow.last, packet.time);
}

void FlowTable::Impl::account(Flow& flow, const Packet& packet, uint8_t direction) {
  const bool first = flow.packets[direction] == 0;
  count(flow, packet, direction);
  flow.flags |= direction == 0 ? flow_flag::seen_ts : flow_flag::seen_tc;
  if (flow.key.proto == ip_proto::tcp) {
    if (packet.is_tcp()) flow.tcp_flags[direction] |= packet.tcp_flags;
    return;
  }
  constexpr uint8_t both = flow_flag::seen_ts | flow_flag::seen_tc;
  // The later deadline of the new state is seen when the flow comes up: no need to file it anew.
  if ((flow.flags & both) == both && flow.state == FlowState::new_flow) flow.state = FlowState::established;
  if (first && (flow.key.proto == ip_proto::icmp || flow.key.proto == ip_proto::icmpv6)) {
    flow.icmp[direction * 2] = packet.icmp_type;
    flow.icmp[direction * 2 + 1] = packet.icmp_code;
  }
}

bool FlowTable::Impl::expire(Timestamp now, size_t budget) {
  if (!wheel.started()) return false;
  bool more = false;
  int64_t second = now.seconds();
  if (second < wheel.clock() - TimerWheel::kSeconds) {
    // Each leap forth looks at all flows, so a capture cannot have any number of them.
    if (++returns > kMostReturns) {
      ++counters.returns_ignored;
    } else {
      wheel.start(second);
    }
  }
  if (second > wheel.clock() + TimerWheel::kSeconds) wheel.leap(second);
  for (size_t ended = 0;;) {
    Flow* flow = wheel.due(second);
    if (!flow) break;
    if (budget != 0 && ended == budget) {
      more = true;
      break;
    }
    if (int64_t due = deadline(*flow); due > second) {
      wheel.remove(*flow);
      wheel.file(*flow, std::max(due, wheel.clock() + 1));
      continue;
    }
    end(*flow, FlowEnd::timeout, now);
    ++ended;
  }
  if (emergency && flows.used() <= flows.capacity() / 100.0 *
                                       static_cast<double>(100 - std::min<uint64_t>(config.emergency_recovery, 100))) {
    emergency = false;
    ++counters.emergency_over;
  }
  return more;
}

void FlowTable::Impl::end(Flow& flow, FlowEnd reason, Timestamp now) {
  flow.end = reason;
  if (on_end) on_end(flow, now);
  count_end(flow);
  release(flow);
}

void FlowTable::Impl::release(Flow& flow) {
  uint32_t handle = flows.handle_of(flow);
  wheel.remove(flow);
  buckets.erase(hash(flow.key), handle);
  flows.destroy(handle);
  --counters.active;
  counters.memuse -= sizeof(Flow);
}

void FlowTable::Impl::count_end(const Flow& flow) {
  constexpr uint64_t FlowCounters::*states[] = {&FlowCounters::end_new, &FlowCounters::end_established,
                                                &FlowCounters::end_closed, &FlowCounters::end_bypassed};
  constexpr uint64_t FlowCounters::*tcp_states[kTcpStates] = {
      &FlowCounters::end_none,       &FlowCounters::end_listen,          &FlowCounters::end_syn_sent,
      &FlowCounters::end_syn_recv,   &FlowCounters::end_tcp_established, &FlowCounters::end_fin_wait1,
      &FlowCounters::end_fin_wait2,  &FlowCounters::end_time_wait,       &FlowCounters::end_last_ack,
      &FlowCounters::end_close_wait, &FlowCounters::end_closing,         &FlowCounters::end_tcp_closed};
  ++(counters.*states[static_cast<size_t>(flow.state)]);
  if (flow.key.proto == ip_proto::tcp) ++(counters.*tcp_states[static_cast<size_t>(flow.tcp_state)]);
  if (flow.end == FlowEnd::timeout) ++counters.timed_out;
  if (flow.end == FlowEnd::tcp_reuse) ++counters.tcp_reuse;
}

FlowTable::FlowTable(const FlowConfig& config, uint64_t id_seed, OnEnd on_end)
    : impl_(std::make_unique<Impl>(config, id_seed, std::move(on_end))) {}
FlowTable::~FlowTable() = default;

FlowTable::Lookup FlowTable::look(const Packet& packet) const {
  Lookup lookup;
  lookup.valid = make_flow_key(packet, impl_->config.use_vlan, lookup.key, lookup.swapped);
  if (!lookup.valid) return lookup;
  if (!impl_->config.use_tunnel) lookup.key.tunnel = 0;
  lookup.hash = impl_->hash(lookup.key);
  return lookup;
}

void FlowTable::prefetch(const Lookup& lookup) const {
  if (lookup.valid) impl_->buckets.prefetch(lookup.hash);
}

void FlowTable::prefetch_flow(const Lookup& lookup) const {
  if (!lookup.valid) return;
  uint32_t handle = impl_->buckets.guess(lookup.hash);
  if (handle != kNoHandle) impl_->flows.prefetch(handle);
}

Flow* FlowTable::find_or_create(const Packet& packet, const Lookup& lookup, uint8_t& direction) {
  if (!lookup.valid) return nullptr;
  Flow* flow = impl_->find(lookup.key, lookup.hash);
  if (flow && impl_->over(*flow, packet.time)) {
    impl_->end(*flow, FlowEnd::timeout, packet.time);
    flow = nullptr;
  }
  bool syn = is_bare_syn(packet);
  if (flow && syn) {
    bool from_client = lookup.swapped == (flow->client_side == 1);
    const bool repeated = from_client && flow->tcp_state != TcpState::none && flow->syn.isn == packet.seq &&
                          !(flow->syn.options & syn_option::established);
    if (accepts_new_connection(*flow) && !repeated) {
      impl_->end(*flow, FlowEnd::tcp_reuse, packet.time);
      flow = nullptr;
    } else if (!from_client && flow->tcp_state == TcpState::none && !(flow->flags & flow_flag::direction_fixed)) {
      flow->swap_direction();
    }
  }
  if (!flow) flow = impl_->create(packet, lookup);
  if (!flow) return nullptr;
  if (syn) flow->flags |= flow_flag::direction_fixed;
  direction = lookup.swapped == (flow->client_side == 1) ? 0 : 1;
  impl_->account(*flow, packet, direction);
  return flow;
}

Flow* FlowTable::find_quoted(const Packet& packet, uint8_t& direction) {
  FlowKey key;
  if (!make_quoted_key(packet, impl_->config.use_vlan, key)) return nullptr;
  if (!impl_->config.use_tunnel) key.tunnel = 0;
  Flow* flow = impl_->find(key, impl_->hash(key));
  if (!flow) return nullptr;
  if (impl_->over(*flow, packet.time)) {
    impl_->end(*flow, FlowEnd::timeout, packet.time);
    return nullptr;
  }
  direction = packet.src == flow->client() ? 0 : 1;
  // Whoever sent it, nobody answered: the flow's state and what was seen of its sides stay.
  impl_->count(*flow, packet, direction);
  return flow;
}

bool FlowTable::expire(Timestamp now, size_t budget) {
  return impl_->expire(now, budget);
}
int64_t FlowTable::late(Timestamp now) const {
  const Flow* next = impl_->wheel.started() ? impl_->wheel.earliest() : nullptr;
  return next ? std::max<int64_t>(0, now.seconds() - impl_->wheel.filed(*next)) : 0;
}
void FlowTable::end(Flow& flow, FlowEnd reason, Timestamp now) {
  impl_->end(flow, reason, now);
}

void FlowTable::end_all(Timestamp now) {
  impl_->expire(now, 0);
  if (!impl_->wheel.started()) return;
  while (Flow* flow = impl_->wheel.earliest()) impl_->end(*flow, FlowEnd::shutdown, now);
}

void FlowTable::set_state(Flow& flow, FlowState state) {
  flow.state = state;
  int64_t due = impl_->deadline(flow);
  if (due >= impl_->wheel.filed(flow)) return;
  impl_->wheel.remove(flow);
  impl_->wheel.file(flow, due);
}

const FlowCounters& FlowTable::counters() const {
  return impl_->counters;
}

}  // namespace lapwing
