#include "sensor/pipeline/flow_watch.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "sensor/base/hash.h"

namespace lapwing {
namespace {

constexpr CounterRow<WatchCounters> kWatchRows[] = {
    {"analytics.pending_max", &WatchCounters::pending_max,
     "flows of which is not told that they stay without answer: 65536 wait for theirs", CounterKind::loss},
};

uint32_t saturated(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, std::numeric_limits<uint32_t>::max()));
}

/// One side goes on as if the other had answered, of which nothing is seen.
bool one_sided(const Flow& flow) {
  if (flow.packets[0] == 0) return true;
  return flow.key.proto == ip_proto::tcp && flow.packets[1] == 0 && flow.tcp_flags[0] & tcp_flag::ack;
}

/// Its beginning was not seen, whether the stream engine takes up such connections (stream.midstream) or not: no side
/// sent a SYN, and the first that is seen goes on with what came before.
bool midstream(const Flow& flow) {
  if (flow.flags & flow_flag::midstream) return true;
  const auto flags = static_cast<uint8_t>(flow.tcp_flags[0] | flow.tcp_flags[1]);
  return flow.key.proto == ip_proto::tcp && !(flags & tcp_flag::syn) && flow.tcp_flags[0] & tcp_flag::ack;
}

/// That of the Ethernet header.
Station sender_of(const Look& look) {
  Station out{};
  if (look.packet && look.packet->ether) std::copy_n(look.packet->ether + out.size(), out.size(), out.begin());
  return out;
}

/// Whether a client begins to have a proxy of HTTP connect to somebody (RFC 9110 section 9.3.6).
bool asks_proxy(Bytes said) {
  constexpr std::string_view kAsks = "CONNECT ";
  const std::string_view begin = to_text(said.first(std::min(said.size(), kAsks.size())));
  return !begin.empty() && kAsks.starts_with(begin);
}

}  // namespace

std::span<const CounterRow<WatchCounters>> watch_counter_rows() {
  return kWatchRows;
}

struct FlowWatch::Pending {
  Watched* watched = nullptr;  // null: answered, or over
  Flow* flow = nullptr;
  Timestamp due;
  int64_t second = 0;  // of the clock, which all workers share, in which that is told
};

/// What each packet changes comes first: it shares a cache line.
struct FlowWatch::Watched final : FlowAttachment {
  ~Watched() override {
    if (pending) pending->watched = nullptr;
  }
  Timestamp last_payload, ticked;
  std::array<uint64_t, 2> bytes{};
  std::array<uint32_t, 2> packets{};
  std::array<uint32_t, 2> burst_bytes{}, burst_packets{};
  Timestamp burst;
  Followed midway;
  bool spoke = false;
  bool answered = false, identified = false, in_burst = false, any_burst = false;
  uint8_t interface = kNoInterface;          // that its first packet came from
  uint64_t ja4 = 0;                          // hash of the client's, or 0
  Pending* pending = nullptr;                // where its answer is waited for
  std::array<std::vector<uint8_t>, 2> said;  // until it is told, or the protocol is known
};

/// In the order in which flows began; of fixed size. The times of packets may go backwards, the clock does not: by it
/// nobody waits for one that is not due before.
class FlowWatch::Queue {
 public:
  bool add(Flow& flow, Watched& watched, Timestamp due, int64_t second) {
    while (count_ > 0 && !slots_[first_].watched) drop();
    if (count_ == kPending) return false;
    Pending& slot = slots_[(first_ + count_++) % kPending];
    slot = {&watched, &flow, due, second};
    watched.pending = &slot;
    return true;
  }
  /// The next that is due by `second`, which waits no more; null when none is.
  Flow* take(int64_t second, Timestamp& due) {
    while (count_ > 0) {
      Pending& slot = slots_[first_];
      if (slot.watched && slot.second > second) return nullptr;
      Watched* watched = slot.watched;
      Flow* flow = slot.flow;
      due = slot.due;
      drop();
      if (!watched) continue;
      watched->pending = nullptr;
      return flow;
    }
    return nullptr;
  }

 private:
  void drop() {
    first_ = (first_ + 1) % kPending;
    --count_;
  }
  std::vector<Pending> slots_ = std::vector<Pending>(kPending);
  size_t first_ = 0, count_ = 0;
};

FlowWatch::FlowWatch(analytics::Observer& observer, const AppLayer& app, Identification& identification,
                     const SensorConfig& config)
    : observer_(observer), app_(app), identification_(identification), pending_(std::make_unique<Queue>()) {
  if (!config.midway.enabled || config.stream.midstream) return;
  midway_ = std::make_unique<Midway>(
      config.midway, config.stream, config.app, config.budget,
      [this](const Look& look, const Event& event) { this->event(look, event); },
      [this](const Chunk& chunk) { return hear_midway(chunk); });
}
FlowWatch::~FlowWatch() = default;

FlowWatch::Watched* FlowWatch::watch(Flow& flow, Timestamp now) {
  auto& slot = flow.slots[static_cast<size_t>(FlowSlot::watch)];
  auto made = std::make_unique<Watched>();
  made->ticked = now;
  made->interface = interface_;
  Watched* watched = made.get();
  slot = std::move(made);
  return watched;
}

void FlowWatch::forget(Flow& flow, Timestamp now) {
  auto* watched = flow.get<Watched>(FlowSlot::watch);
  if (watched) leave_midway(flow, *watched, now);
  flow.slots[static_cast<size_t>(FlowSlot::watch)].reset();
}

void FlowWatch::come_to(const Packet* packet) {
  interface_ = packet ? static_cast<uint8_t>(std::min<uint16_t>(packet->interface, kNoInterface - 1)) : kNoInterface;
}

void FlowWatch::packet(const Look& look) {
  come_to(look.packet);
  Flow& flow = *look.flow;
  const Packet& packet = *look.packet;
  auto* watched = flow.get<Watched>(FlowSlot::watch);
  if (!watched || !watched->answered || packet.has_quoted) {
    await_answer(look);
    watched = flow.get<Watched>(FlowSlot::watch);
  }
  if (!packet.has_quoted && !packet.payload.empty()) {
    if (!watched) watched = watch(flow, look.time);
    take_payload(look, *watched);
  }
  if (!watched) return;
  if (midway_ && packet.is_tcp() && !watched->midway.idle(flow.tcp_state != TcpState::none)) {
    at_midway_ = &flow;
    midway_->packet(look, watched->midway);
  }
  if (watched->in_burst && flow.state == FlowState::closed) end_burst(flow, *watched);
}

/// At its first packet, and at each that may be the answer to it.
void FlowWatch::await_answer(const Look& look) {
  Flow& flow = *look.flow;
  const Packet& packet = *look.packet;
  auto* watched = flow.get<Watched>(FlowSlot::watch);
  if (watched && watched->interface == kNoInterface) watched->interface = interface_;
  if (flow.packets[0] + flow.packets[1] == 1 && !packet.has_quoted) {
    tell(flow, FlowMoment::opened, look.time);
    if (one_sided(flow) || look.direction != Direction::to_server) return;
    watched = watch(flow, look.time);
    constexpr int64_t kSeconds = kAnswerTime / 1'000'000'000 + 1;
    const int64_t second = std::max(second_, look.time.seconds()) + kSeconds;
    if (!pending_->add(flow, *watched, {look.time.ns + kAnswerTime}, second)) ++counters_.pending_max;
  } else if (packet.has_quoted || look.direction == Direction::to_client) {
    tell_answer(look, watched);
  }
}

/// The first packet back, or an ICMP error in its place.
void FlowWatch::tell_answer(const Look& look, Watched* watched) {
  Flow& flow = *look.flow;
  const Packet& packet = *look.packet;
  if (watched && watched->answered) return;
  const bool reset = packet.is_tcp() && packet.tcp_flags & tcp_flag::rst;
  const bool first = flow.packets[1] == 1 || (watched && watched->pending);
  if (packet.has_quoted || reset) {
    if (!first && !packet.has_quoted) return;
    tell(flow, FlowMoment::refused, look.time, packet.has_quoted ? &packet : nullptr);
    forget(flow, look.time);
    return;
  }
  if (!watched) watched = watch(flow, look.time);
  if (watched->pending) {
    watched->pending->watched = nullptr;
    watched->pending = nullptr;
  }
  watched->answered = true;
  tell(flow, FlowMoment::answered, look.time);
}

void FlowWatch::take_payload(const Look& look, Watched& watched) {
  const Flow& flow = *look.flow;
  const Timestamp time = look.time;
  if (watched.in_burst && time.ns - watched.last_payload.ns >= kSilence) end_burst(flow, watched);
  if (!watched.in_burst) {
    watched.in_burst = watched.any_burst = true;
    watched.burst = time;
  }
  if (time.ns - watched.ticked.ns >= kTickTime) tell_tick(flow, watched, FlowMoment::tick, time);
  const size_t side = index(look.direction);
  const uint64_t size = look.packet->payload.size();
  watched.last_payload = std::max(watched.last_payload, time);
  watched.burst_bytes[side] = saturated(uint64_t{watched.burst_bytes[side]} + size);
  ++watched.burst_packets[side];
  watched.bytes[side] += size;
  ++watched.packets[side];
  if (!watched.identified && observer_.wants(FlowMoment::identified)) {
    if (app_.spoken(flow).known()) {
      watched.identified = true;
      tell(flow, FlowMoment::identified, time);
    }
  }
}

void FlowWatch::chunk(Flow& flow, const Chunk& chunk) {
  if (!observer_.wants(FlowMoment::spoke) || chunk.offset >= kBeginning || chunk.data.empty()) return;
  auto* watched = flow.get<Watched>(FlowSlot::watch);
  if (!watched) {
    if (app_.spoken(flow).protocol) return;
    come_to(nullptr);  // packet() knows which
    watched = watch(flow, chunk.time);
  }
  hear(flow, *watched, chunk);
}

/// False: it needs no more of them.
bool FlowWatch::hear(const Flow& flow, Watched& watched, const Chunk& chunk) {
  if (watched.spoke) return false;
  // What is behind a proxy may speak none.
  const bool known = knows(flow, watched);
  if (known && !asks_proxy(watched.said[index(Direction::to_server)])) {
    watched.said = {};
    return false;
  }
  auto& said = watched.said[index(chunk.direction)];
  if (said.size() != chunk.offset) return true;  // behind a gap, or behind the beginning
  const Bytes more = chunk.data.first(std::min(chunk.data.size(), kBeginning - said.size()));
  said.insert(said.end(), more.begin(), more.end());
  if (known) return true;
  if (!std::ranges::all_of(watched.said, [](const auto& side) { return side.size() == kBeginning; })) return true;
  tell_beginning(flow, watched, chunk.time);
  return false;
}

/// Of a connection that was not seen to begin, what is seen first. It is not followed for that alone where one side
/// says next to nothing.
bool FlowWatch::hear_midway(const Chunk& chunk) {
  constexpr uint64_t kMostHeard = 8 * kBeginning;
  if (!observer_.wants(FlowMoment::spoke)) return false;
  auto& watched = *at_midway_->get<Watched>(FlowSlot::watch);
  if (!hear(*at_midway_, watched, chunk)) return false;
  if (chunk.offset + chunk.data.size() < kMostHeard) return true;
  tell_beginning(*at_midway_, watched, chunk.time);
  return false;
}

void FlowWatch::leave_midway(Flow& flow, Watched& watched, Timestamp now) {
  if (!midway_) return;
  at_midway_ = &flow;
  midway_->close(flow, watched.midway, now);
}

bool FlowWatch::knows(const Flow& flow, const Watched& watched) const {
  return watched.midway.known || app_.knows_next(flow);
}

void FlowWatch::tell_beginning(const Flow& flow, Watched& watched, Timestamp time) {
  if (watched.said[0].empty() && watched.said[1].empty()) return;
  watched.spoke = true;
  if (!knows(flow, watched)) {
    FlowUpdate update = update_of(flow, FlowMoment::spoke, time);
    std::ranges::copy(watched.said, update.said.begin());
    observer_.flow(update);
  }
  watched.said = {};
}

void FlowWatch::end_burst(const Flow& flow, Watched& watched) {
  FlowUpdate update = update_of(flow, FlowMoment::burst, watched.burst);
  std::ranges::copy(watched.burst_bytes, update.bytes.begin());
  std::ranges::copy(watched.burst_packets, update.packets.begin());
  watched.burst_bytes = {};
  watched.burst_packets = {};
  watched.in_burst = false;
  observer_.flow(update);
}

void FlowWatch::tell_tick(const Flow& flow, Watched& watched, FlowMoment moment, Timestamp time) {
  tell_beginning(flow, watched, time);
  FlowUpdate update = update_of(flow, moment, time);
  update.bytes = watched.bytes;
  std::ranges::copy(watched.packets, update.packets.begin());
  watched.bytes = {};
  watched.packets = {};
  watched.ticked = time;
  observer_.flow(update);
}

/// Whose an event is: made when somebody asks, as most tell nobody anything.
class FlowWatch::Source {
 public:
  Source(FlowWatch& watch, const Look& look, const Event& event) : watch_(watch), look_(look), event_(event) {}
  /// Null: of a packet that is of no flow.
  const FlowRef* flow() {
    if (look_.flow && !made_) {
      made_ = true;
      watch_.update_of(*look_.flow, FlowMoment::opened, look_.time);
      watch_.flow_.protocol = event_.protocol->name;
    }
    return look_.flow ? &watch_.flow_ : nullptr;
  }
  uint16_t vlan() const { return look_.flow ? look_.flow->key.vlan[0] : look_.packet->vlan[0]; }
  Timestamp time() const { return look_.time; }
  /// Null: its flow is not watched.
  Watched* watched() const { return look_.flow ? look_.flow->get<Watched>(FlowSlot::watch) : nullptr; }

 private:
  FlowWatch& watch_;
  const Look& look_;
  const Event& event_;
  bool made_ = false;
};

void FlowWatch::event(const Look& look, const Event& event) {
  if (event.tx->blank) return;  // of an anomaly: there is nothing to read
  come_to(look.packet);
  Source source(*this, look, event);
  tell_login(source, event);
  tell_sightings(source, event);
  if (!observer_.wants(event)) return;
  if (const FlowRef* flow = source.flow()) {
    observer_.event({event, flow, look.time, flow->client, flow->server, flow->vlan, sender_of(look)});
  } else {
    const Packet& packet = *look.packet;
    observer_.event({event, nullptr, look.time, packet.src, packet.dst, packet.vlan[0], sender_of(look)});
  }
}

void FlowWatch::tell_login(Source& source, const Event& event) {
  if (!event.record || !event.protocol->login || !observer_.wants_logins()) return;
  LoginSeen login;
  if (!event.protocol->login(event, login)) return;
  if (const FlowRef* flow = source.flow()) observer_.login({login, *flow, source.time()});
}

/// Gives each the address that it is about.
class FlowWatch::Sightings final : public SightingSink {
 public:
  Sightings(analytics::Observer& observer, Source& source) : observer_(observer), source_(source) {}
  void binding(const BindingSeen& seen) override {
    IpAddress address = seen.address;
    if (seen.side != Side::address) {
      const FlowRef* flow = source_.flow();
      if (!flow) return;
      address = seen.side == Side::client ? flow->client : flow->server;
    }
    observer_.binding({seen, address, source_.vlan(), source_.time()});
  }
  void software(const SoftwareSeen& seen) override {
    Watched* watched = seen.kind == SoftwareKind::ja4 ? source_.watched() : nullptr;
    if (watched) watched->ja4 = keyed_hash(to_bytes(seen.value), kReplaySeed);
    if (const FlowRef* flow = source_.flow()) observer_.software({seen, *flow, source_.time()});
  }
  void operation(const OperationSeen& seen) override {
    if (const FlowRef* flow = source_.flow()) observer_.operation({seen, *flow, source_.time()});
  }

 private:
  analytics::Observer& observer_;
  Source& source_;
};

void FlowWatch::tell_sightings(Source& source, const Event& event) {
  if (!event.protocol->sightings || !observer_.wants_sightings()) return;
  Sightings sink(observer_, source);
  event.protocol->sightings(event, sink);
}

void FlowWatch::alert(const MatchContext& context, const Alert& alert) {
  analytics::AlertAt at{
      .rule = *alert.rule, .time = context.time, .flow = {}, .direction = alert.direction, .payload = alert.payload};
  if (const Flow* flow = context.flow) {
    at.flow = {flow->id, flow->client(), flow->server(), flow->client_port(), flow->server_port(), flow->key.proto};
  } else if (context.packet) {
    at.flow.client = context.packet->src;
    at.flow.server = context.packet->dst;
    at.direction = Direction::to_server;
  }
  if (at.flow.client.version != 0) observer_.alert(at);
}

void FlowWatch::tell_unanswered(const Flow& flow, Timestamp time) {
  const auto& watched = *flow.get<Watched>(FlowSlot::watch);
  FlowUpdate update = update_of(flow, FlowMoment::unanswered, time);
  update.bytes = watched.bytes;
  std::ranges::copy(watched.packets, update.packets.begin());
  observer_.flow(update);
}

void FlowWatch::swap_direction(const Flow& flow) {
  auto* watched = flow.get<Watched>(FlowSlot::watch);
  if (!watched) return;
  std::ranges::reverse(watched->burst_bytes);
  std::ranges::reverse(watched->burst_packets);
  std::ranges::reverse(watched->said);
  std::ranges::reverse(watched->bytes);
  std::ranges::reverse(watched->packets);
}

void FlowWatch::close(const Look& look) {
  come_to(look.packet);
  Flow& flow = *look.flow;
  auto* watched = flow.get<Watched>(FlowSlot::watch);
  if (!watched) return tell(flow, FlowMoment::closed, flow.last);
  leave_midway(flow, *watched, look.time);
  if (watched->pending) tell_unanswered(flow, flow.last);
  if (watched->in_burst) {
    end_burst(flow, *watched);
  } else if (watched->answered && !watched->any_burst) {
    watched->burst = flow.start;
    end_burst(flow, *watched);
  }
  tell_tick(flow, *watched, FlowMoment::closed, flow.last);
}

void FlowWatch::advance(int64_t second) {
  const Timestamp now = Timestamp::from_seconds(second);
  come_to(nullptr);
  Timestamp due;
  second_ = std::max(second_, second);
  while (Flow* flow = pending_->take(second, due)) {
    tell_unanswered(*flow, due);
    // A datagram or SYN alone: what remains of a scan or flood is the flow itself.
    if (flow->packets[0] == 1) forget(*flow, now);
  }
  observer_.advance(second);
}

void FlowWatch::tell(const Flow& flow, FlowMoment moment, Timestamp time, const Packet* error) {
  if (!observer_.wants(moment)) return;
  FlowUpdate update = update_of(flow, moment, time);
  if (error) {
    update.icmp = true;
    update.icmp_type = error->icmp_type;
    update.icmp_code = error->icmp_code;
    update.icmp_sender = error->src;
  }
  observer_.flow(update);
}

FlowUpdate FlowWatch::update_of(const Flow& flow, FlowMoment moment, Timestamp time) {
  const auto* watched = flow.get<Watched>(FlowSlot::watch);
  flow_ = {.id = flow.id,
           .client = flow.client(),
           .server = flow.server(),
           .client_port = flow.client_port(),
           .server_port = flow.server_port(),
           .proto = flow.key.proto,
           .interface = watched ? watched->interface : interface_,
           .vlan = flow.key.vlan[0],
           .start = flow.start,
           .midstream = midstream(flow),
           .one_sided = one_sided(flow),
           .ja4 = watched ? watched->ja4 : 0};
  // Before its first payload nothing is known of it.
  if (moment >= FlowMoment::burst) {
    flow_.protocol = app_.spoken(flow).name();
    const Label label = identification_.label(flow);
    flow_.application = label.application;
    flow_.host = label.host;
  }
  return {.moment = moment, .time = time, .flow = &flow_, .all_packets = flow.packets, .tcp_flags = flow.tcp_flags};
}

void FlowWatch::add_counters(CounterSet& set) const {
  set.add(counters_, watch_counter_rows());
  set.add(midway_ ? midway_->counters() : MidwayCounters(), midway_counter_rows());
  set.add(observer_.counters(), analytics::observer_counter_rows());
}

}  // namespace lapwing
