#include "analytics/detectors/flood.h"

#include <bit>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "analytics/detectors/amplifier.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Flood::Config;
using Kind = Flood::Kind;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.flood.connections", &C::connections, "100",
     "connections a second to a host inside, from which on their use is looked at"},
    {"analytics.flood.connections-outside", &C::connections_outside, "500", "the same of hosts outside"},
    {"analytics.flood.datagrams", &C::datagrams, "1000",
     "new exchanges of UDP or ICMP a second with a host, from which on their answers are looked at"},
    {"analytics.flood.packets", &C::packets, "10000",
     "packets a second of one exchange of UDP that stays without answer"},
    {"analytics.flood.answers", &C::answers, "100",
     "answers a second to a host that did not ask, or of one inside that are ten times as long as what somebody asked"},
    {"analytics.flood.leases", &C::leases, "100", "requests for an address a second"},
    {"analytics.flood.messages", &C::messages, "500",
     "messages of ARP, neighbours or routers a second, of at least eight senders"},
    {"analytics.flood.slow", &C::slow, "50",
     "connections of one client to a host within two minutes whose requests do not come to their end, or of all to a "
     "service of the web that are kept going by little"},
    {"analytics.flood.sender", &C::sender, "20",
     "connections a second of one sender to a host beyond the border, from which on they count as a load, however they "
     "are served: of all such as many as connections, or connections-outside, for half a minute"},
};

using N = Flood::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.flood.one_sided", &N::one_sided,
     "connections, datagrams, echo requests and answers that are not judged: their interface shows connections from "
     "one side"},
};

// In 1/16 second at the least rate.
constexpr int32_t kDrift = 6, kAlarm = 80, kMostExcess = 1600;
constexpr int32_t kMostWeight = 8;  // a second of many times the least rate weighs as many, up to this
constexpr int32_t kServed = 9;      // in 1/16: what a load that is served counts for; 27 seconds of it are told
constexpr int64_t kNanoseconds = 1'000'000'000;
constexpr uint32_t kSlowWindow = 120, kLeastSenders = 8;
constexpr uint8_t kSyn = 2, kAck = 16, kRst = 4, kFin = 1;

/// Nobody asked: the first packet is the service's. What it says may have turned the flow round, whose client then
/// never spoke. None: it is no such answer.
std::optional<Direction> reflected(const FlowUpdate& update) {
  const FlowRef& flow = *update.flow;
  if (flow.proto != 17 || to_many(flow.server) || amplifies(flow.client_port) == amplifies(flow.server_port)) return {};
  if (amplifies(flow.client_port)) return Direction::to_server;
  if (update.all_packets[0] > 0 || update.all_packets[1] == 0) return {};
  return Direction::to_client;
}

bool opens(const FlowUpdate& update) {
  return (update.tcp_flags[0] & (kSyn | kAck | kRst | kFin)) == kSyn;
}

/// Somebody is answered at length by a host inside: perhaps another, in whose name it was asked.
bool at_length(const FlowUpdate& update) {
  constexpr uint64_t kTimes = 10, kLeast = 400;  // bytes of an answer
  return update.bytes[0] > 0 && update.bytes[1] >= kTimes * update.bytes[0] &&
         update.bytes[1] >= kLeast * update.packets[0];
}

/// Seconds that a flow's packets came in.
uint64_t seconds_of(const FlowUpdate& update) {
  const int64_t all = (update.time.ns - update.flow->start.ns) / kNanoseconds;
  return static_cast<uint64_t>(std::clamp<int64_t>(all, 1, kTickTime / kNanoseconds));
}

/// A connection that waits is counted once in kSlowWindow, however often it is told of in that time: at every second
/// tick, and at its end if there was none.
bool counted_before(const FlowUpdate& update) {
  static_assert(kSlowWindow * kNanoseconds == 2 * kTickTime);
  const int64_t ticks = (update.time.ns - update.flow->start.ns) / kTickTime;
  if (update.moment == FlowMoment::tick) return ticks % 2 == 0;
  // SYN, ACK, FIN and its ACK: nothing else was sent that a tick could have told of.
  constexpr uint64_t kBare = 4;
  return ticks > 0 && update.packets[0] > 0 && update.all_packets[0] > update.packets[0] + kBare;
}

/// What comes from a service, whichever end it has.
void answer(Flood::Stream& stream, const FlowRef& flow, Direction way) {
  stream.kind = Kind::answer;
  stream.port = flow.client_port;
  if (way == Direction::to_server) return;
  stream.target = flow.client;
  stream.source = flow.server;
  stream.port = flow.server_port;
}

/// Told of once in a minute, and counted over two.
bool slowly(Kind kind) {
  return kind == Kind::slow || kind == Kind::trickle;
}

std::string_view name(Kind kind) {
  constexpr std::string_view kNames[] = {"syn",  "datagram", "echo",  "answer", "lease",    "message",
                                         "slow", "trickle",  "stray", "load",   "reflected"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace

std::span<const OptionRow<Flood::Config>> Flood::options() {
  return kOptions;
}

std::span<const CounterRow<Flood::Counters>> Flood::counter_rows() {
  return kCounters;
}

void Flood::Local::add(const Stream& stream, const Load& load, Delta& delta) {
  if (delta.streams.bytes() == 0) delta.streams = DeltaTable<Stream, Load>(seed_, Delta::kMostStreams);
  delta.streams.at(stream).merge(load);
}

void Flood::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  if (update.moment == FlowMoment::tick || update.moment == FlowMoment::closed) return take_whole(update, delta);
  const bool begins = update.moment == FlowMoment::opened;
  const Load load{.begun = begins, .used = !begins, .time = update.time};
  Stream stream{.target = flow.server, .port = flow.server_port, .source = flow.client, .interface = flow.interface};
  switch (flow.proto) {
    case 6:
      if (begins ? opens(update) : update.moment == FlowMoment::identified) add(stream, load, delta);
      if (!begins || !opens(update)) take_segment(update, delta);
      return;
    case 17:
      if (to_many(flow.server) || update.moment == FlowMoment::identified) return;
      stream.kind = Kind::datagram;
      if (const auto way = reflected(update)) answer(stream, flow, *way);
      return add(stream, load, delta);
    case 1:
    case 58:
      if (to_many(flow.server) || update.moment == FlowMoment::identified) return;
      stream.kind = Kind::echo;
      stream.port = 0;
      return add(stream, load, delta);
    default: return;
  }
}

/// A segment of a connection that was not seen to begin, and the first that comes back to one. It is not known which
/// end is the server: the target is who gets the first.
void Flood::Local::take_segment(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const bool begins = update.moment == FlowMoment::opened;
  if (!begins && (update.moment != FlowMoment::answered || !flow.midstream)) return;
  const bool turned = begins && update.all_packets[0] == 0;
  add({.target = turned ? flow.client : flow.server,
       .kind = Kind::stray,
       .port = turned ? flow.client_port : flow.server_port,
       .source = turned ? flow.server : flow.client,
       .interface = flow.interface},
      {.begun = begins, .used = !begins, .time = update.time}, delta);
}

void Flood::Local::take_whole(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const uint64_t seconds = seconds_of(update), packets = update.packets[0];
  Stream stream{.target = flow.server, .port = flow.server_port, .source = flow.client, .interface = flow.interface};
  Load load{.begun = static_cast<uint32_t>(std::min<uint64_t>(packets, UINT32_MAX)), .time = update.time};
  const auto add_from = [&](uint64_t least) {
    if (load.begun / seconds >= least) add(stream, load, delta);
  };
  if (flow.proto == 6) {
    if (opens(update)) {  // the same one again and again
      load.begun = static_cast<uint32_t>(std::min<uint64_t>(update.all_packets[0], UINT32_MAX));
      return add_from(config_.connections);
    }
    constexpr uint64_t kUnused = 10;  // packets in all of a connection that carried nothing
    const bool unused = update.moment == FlowMoment::closed && update.bytes[0] == 0 &&
                        (update.tcp_flags[1] & (kSyn | kAck)) == (kSyn | kAck) && update.tcp_flags[0] & kAck &&
                        update.all_packets[0] + update.all_packets[1] <= kUnused;
    const bool waits =
        update.bytes[1] == 0 && (update.bytes[0] > 0 || unused) && update.bytes[0] < 512 && seconds >= 30;
    if (!waits || flow.midstream || flow.one_sided || update.all_packets[1] == 0 || counted_before(update)) return;
    stream.kind = Kind::slow;
    load.begun = 1;
    add(stream, load, delta);
    constexpr uint64_t kTrickles = 3;  // one request alone may be thought about for long
    if (packets < kTrickles || (flow.protocol != "http" && flow.protocol != "tls")) return;
    stream.kind = Kind::trickle;
    return add(stream, load, delta);
  }
  if (flow.proto == 17 && flow.server_port == 67) {
    stream.kind = Kind::lease;
    return add_from(config_.leases);
  }
  if (to_many(flow.server)) return;
  if (flow.proto == 1 || flow.proto == 58) {
    stream.kind = Kind::echo;
    return add_from(config_.datagrams);
  }
  if (flow.proto != 17) return;
  if (const auto way = reflected(update)) {
    answer(stream, flow, *way);
    load.begun = static_cast<uint32_t>(std::min<uint64_t>(update.packets[index(*way)], UINT32_MAX));
    return update.packets[1 - index(*way)] > 0 ? void() : add_from(config_.answers);
  }
  if (amplifies(flow.server_port) && at_length(update)) {
    stream.kind = Kind::reflected;
    stream.target = flow.client;
    stream.source = flow.server;
    constexpr uint64_t kOnce = 8;  // questions that need no time
    if (packets <= kOnce) load.time = flow.start;
    load.first =
        packets <= kOnce ? flow.start : Timestamp{update.time.ns - static_cast<int64_t>(seconds - 1) * kNanoseconds};
    return add(stream, load, delta);
  }
  if (update.packets[1] > 0) return;
  stream.kind = Kind::datagram;
  add_from(config_.packets);
}

void Flood::Local::event(const Observed& observed, Delta& delta) {
  if (observed.event.protocol->name == "icmp") {
    const std::string_view message = message_.text(observed);
    if (!message.starts_with("neighbor_") && !message.starts_with("router_")) return;
  } else if (operation_.text(observed).empty()) {
    return;
  }
  const uint16_t arp = observed.src.version == 0 ? 1 : 0;
  // Frames of ARP have no addresses but those they tell of.
  const IpAddress source = arp ? sender_.address(observed).value_or(IpAddress()) : observed.src;
  add({.kind = Kind::message, .port = arp, .source = source}, {.begun = 1, .time = observed.time}, delta);
}

Flood::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config), surroundings_(surroundings), targets_(surroundings.part(kMostTargets), surroundings.hash_seed) {}

Flood::Global::Target Flood::Global::target_of(const Stream& stream) {
  return {
      .address = stream.target, .source = stream.kind == Kind::slow ? stream.source : IpAddress(), .kind = stream.kind};
}

uint64_t Flood::Global::floor_of(const Target& target) const {
  switch (target.kind) {
    case Kind::syn:
    case Kind::stray:
    case Kind::load: return surroundings_.inside(target.address) ? config_.connections : config_.connections_outside;
    case Kind::datagram:
    case Kind::echo: return config_.datagrams;
    case Kind::answer:
    case Kind::reflected: return config_.answers;
    case Kind::lease: return config_.leases;
    case Kind::message: return config_.messages;
    case Kind::slow:
    case Kind::trickle: return config_.slow;
  }
  return 0;
}

void Flood::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.streams.overflowed();
  std::vector<Part> parts;
  parts.reserve(delta.streams.size());
  delta.streams.walk([&](const Stream& stream, const Load& load) {
    const bool inside = surroundings_.inside(stream.target);
    if (stream.kind == Kind::reflected && (inside || !surroundings_.inside(stream.source))) return;
    if ((stream.kind <= Kind::answer || stream.kind == Kind::stray) && findings.one_sided(stream.interface)) {
      counters_.one_sided += load.begun;
    } else {
      parts.push_back({&stream, &load});
    }
  });
  // Those of a target follow each other.
  const auto each_group = [&](auto done) {
    for (size_t from = 0, to = 0; from < parts.size(); from = to) {
      const Target target = target_of(*parts[from].stream);
      while (to < parts.size() && same(target, target_of(*parts[to].stream))) ++to;
      done(target, Group(parts).subspan(from, to - from));
    }
  };
  // What there was no room for is the heaviest's: it is what took the room.
  std::optional<Target> heaviest;
  if (delta.streams.overflowed() > 0) {
    size_t most = 0;
    each_group([&](const Target& target, Group group) {
      if (group.size() <= most) return;
      most = group.size();
      heaviest = target;
    });
  }
  each_group([&](const Target& target, Group group) {
    const bool more = heaviest && same(*heaviest, target);
    const Load beyond = more ? delta.streams.overflow() : Load();
    // Of most there is so little that nothing else matters.
    uint64_t begun = beyond.begun;
    for (const Part& part : group) begun += part.load->begun;
    if (8 * begun < floor_of(target) && !slowly(target.kind)) return;
    Burden now = sum_of(group);
    now.begun += beyond.begun;
    now.used += beyond.used;
    if (target.kind == Kind::syn && now.begun >= floor_of(target)) {
      const Target served{.address = target.address, .source = {}, .kind = Kind::load};
      Burden load = load_of(group);
      if (load.begun >= floor_of(served)) judge(served, std::move(load), findings);
    }
    judge(target, std::move(now), findings);
  });
}

Flood::Global::Burden Flood::Global::sum_of(Group group) {
  Burden out;
  std::map<IpAddress, uint64_t> sources;
  uint64_t of_port = 0, most = 0;
  for (size_t i = 0; i < group.size(); ++i) {
    const Stream& stream = *group[i].stream;
    const Load& load = *group[i].load;
    if (i == 0 || stream.port != group[i - 1].stream->port) {
      of_port = 0;
      out.ports += load.begun > 0;
    }
    out.begun += load.begun;
    out.used += load.used;
    out.time = std::max(out.time, load.time);
    of_port += load.begun;
    if (of_port > most) {
      most = of_port;
      out.port = stream.port;
    }
    if (load.begun > 0) sources[stream.source] += load.begun;
  }
  out.sources = static_cast<uint32_t>(sources.size());
  Timestamp first{std::numeric_limits<int64_t>::max()};
  for (const Part& part : group) first = std::min(first, part.load->first);
  if (first < out.time) out.seconds = std::min((out.time.ns - first.ns) / kNanoseconds + 1, kTickTime / kNanoseconds);
  for (const auto& [address, begun] : sources) out.strongest.push_back({address, begun});
  std::ranges::stable_sort(out.strongest, std::greater(), &Source::begun);
  if (out.strongest.size() > kMostShown) out.strongest.resize(kMostShown);
  return out;
}

Flood::Global::Burden Flood::Global::load_of(Group group) const {
  const bool inside = surroundings_.inside(group.front().stream->target);
  std::map<IpAddress, Load> of;
  for (const Part& part : group) {
    if (surroundings_.inside(part.stream->source) != inside) of[part.stream->source].merge(*part.load);
  }
  std::vector<Part> parts;
  for (const Part& part : group) {
    const auto from = of.find(part.stream->source);
    if (from == of.end()) continue;
    const Load& all = from->second;
    if (all.begun >= config_.sender && 2 * uint64_t{all.used} >= all.begun) parts.push_back(part);
  }
  return sum_of(parts);
}

void Flood::Global::judge(const Target& target, Burden now, Findings& findings) {
  auto& entry = targets_.touch(target, now_);
  State& state = entry.value;
  const uint64_t floor = std::max<uint64_t>(floor_of(target), 1);
  const bool slow = slowly(target.kind);
  if (slow) {
    if (now_ - state.second > kSlowWindow) {
      state = State();
      state.second = now_;
    }
    for (const Source& source : now.strongest) state.senders.add(hash_of(source.address, surroundings_.hash_seed));
  } else {
    const auto quiet = static_cast<int32_t>(std::min<uint32_t>(now_ - state.second, kMostExcess));
    state.excess = std::max(0, state.excess - kDrift * std::max(0, quiet - 1));
    if (state.excess == 0) state = State{.usual = state.usual};
    state.second = now_;
  }

  // One who tries ports is a scanner, and found as one.
  const bool tries = target.kind <= Kind::datagram || target.kind == Kind::stray;
  const bool scan = tries && now.sources <= 2 && 2 * uint64_t{now.ports} >= now.begun;
  const bool usual = (target.kind == Kind::datagram || target.kind == Kind::echo) && now.begun * 256 <= 8 * state.usual;
  const bool few = target.kind == Kind::message && now.sources < kLeastSenders;
  if (target.kind == Kind::reflected) {
    // What came in all these seconds is told at once.
    now.begun /= static_cast<uint64_t>(now.seconds);
    if (now.begun < floor) return;
    state.excess = std::min(kMostExcess, state.excess + (16 - kDrift) * static_cast<int32_t>(now.seconds));
    state.total += now.begun * static_cast<uint64_t>(now.seconds - 1);
  } else if (slow) {
    state.excess = static_cast<int32_t>(std::min<uint64_t>(
        kMostExcess,
        static_cast<uint64_t>(state.excess) + now.begun * kAlarm / floor + (now.begun * kAlarm % floor != 0)));
  } else if (now.begun >= floor && !scan && !usual && !few) {
    const uint64_t unused = now.begun - std::min(now.begun, now.used);
    const bool load = target.kind == Kind::load;
    const auto share = load ? kServed : static_cast<int32_t>(16 * unused / now.begun);
    // Where a sensor begins, all connections are seen from the middle, and their other sides a moment later.
    const uint64_t most = load || target.kind == Kind::stray ? 1 : kMostWeight;
    const auto weight = static_cast<int32_t>(std::min(most, now.begun / floor));
    state.excess = std::clamp(state.excess + (share - kDrift) * weight, 0, kMostExcess);
  }
  state.usual = state.usual - state.usual / 64 + now.begun * 4;
  if (state.excess == 0) return;
  if (state.first.ns == 0) state.first = now.time;
  state.last = std::max(state.last, now.time);
  state.total += now.begun;
  state.used += now.used;
  targets_.set_worth(entry, static_cast<uint8_t>(std::bit_width(static_cast<uint32_t>(state.excess))));
  if (now.begun > state.peak.begun) state.peak = std::move(now);
  // Whoever keeps a server waiting alone is told of as one.
  const bool alone = target.kind == Kind::trickle && state.senders.count() < kLeastSenders;
  if (state.excess >= kAlarm && !alone) report(target, state, findings);
}

void Flood::Global::report(const Target& target, const State& state, Findings& findings) const {
  constexpr uint8_t kSeverity[] = {50, 60, 60, 70, 60, 55, 60, 60, 50, 50, 60};
  constexpr uint32_t kUsed[] = {1 | 4, 1, 1, 2, 8, 1, 8, 8, 1 | 4, 8, 2};  // of the techniques
  const auto kind = static_cast<size_t>(target.kind);
  const uint64_t unused = state.total - std::min(state.total, state.used);
  unsigned severity = kSeverity[kind];
  if (target.kind == Kind::syn || target.kind == Kind::stray)
    severity += static_cast<unsigned>(30 * unused / std::max<uint64_t>(state.total, 1));
  const Burden& peak = state.peak;
  Report report{.key = hash_of(target, kReplaySeed),
                .severity = static_cast<uint8_t>(severity),
                .confidence = static_cast<uint8_t>(
                    std::min<unsigned>(95, 55 + 5 * std::bit_width(static_cast<uint32_t>(state.excess / kAlarm)))),
                .techniques = kUsed[kind],
                .time = state.last,
                .first = state.first,
                .last = state.last,
                .count = state.total,
                .dest = target.address};
  if (!peak.strongest.empty()) {
    report.src = peak.strongest.front().address;
    report.subject = to_string(report.src);
  }
  // Of answers the port is the other side's.
  if (target.kind == Kind::answer || target.kind == Kind::reflected) {
    report.objects.push_back(to_string(target.address));
  } else if (target.address.version != 0) {
    report.objects.push_back(endpoint(target.address, peak.port));
  }
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("kind", name(target.kind)).member("begun", state.total).member("used", state.used);
    json.member("peak_per_second", peak.begun).member("peak_needed", floor_of(target));
    json.member("excess", state.excess / 16.0).member("excess_needed", kAlarm / 16.0);
    json.member("usual_per_second", static_cast<double>(state.usual) / 256.0);
    json.member("sources", peak.sources).member("ports", peak.ports).member("port", peak.port);
    json.member("seconds", (state.last.ns - state.first.ns) / kNanoseconds);
    json.begin_array("strongest");
    for (const Source& source : peak.strongest) {
      json.begin_object().member("ip", source.address).member("begun", source.begun).end_object();
    }
    json.end_array();
  });
}

void Flood::Global::expire(Second second, Findings&) {
  constexpr Second kKept = 3600;
  if (second > kKept && second % 60 == 0) targets_.expire(static_cast<uint32_t>(second - kKept), [](const auto&) {});
}

StateUse Flood::Global::use() const {
  return {.keys = targets_.keys(), .bytes = targets_.bytes(), .evicted = targets_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
