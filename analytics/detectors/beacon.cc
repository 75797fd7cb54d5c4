#include "analytics/detectors/beacon.h"

#include <bit>
#include <string>
#include <tuple>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Beacon::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.beacon.confidence", &C::confidence, "50", "in percent, of which a rhythm is told"},
    {"analytics.beacon.rare", &C::rare, "2", "hosts that may call a rare peer, which makes a rhythm more certain"},
    {"analytics.beacon.prevalent", &C::prevalent, "20", "hosts, or half of all, that make a peer one that all call"},
};

constexpr uint8_t kTcp = 6, kUdp = 17;
constexpr uint32_t kIdle = 3 * 86'400;  // seconds after which a line is forgotten
constexpr int64_t kDay = 86'400;
constexpr unsigned kHarm = 70, kLittleHarm = 35, kInside = 20;
constexpr int kExact = 15;                     // of 20 parts
constexpr uint32_t kWatches = 4;               // hosts inside
constexpr uint64_t kSure = 32, kCertain = 13;  // check-ins: of what stays inside, and of what is told as harmful:
                                               // at the one before others are found that are called in step with it
constexpr uint32_t kEverywhere = 50;           // percent of the hosts
constexpr uint32_t kBrowses = 20;              // names that one who says hello alike calls
constexpr uint32_t kInStep = 8;                // peers that a host calls at one pace

bool usual_port(uint16_t port) {
  constexpr uint16_t kPorts[] = {53, 80, 443, 853, 8080, 8443};
  return std::ranges::find(kPorts, port) != std::end(kPorts);
}

/// The peer of the name that is looked up: the hash alone.
IpAddress called(IpAddress key) {
  std::fill(key.bytes.begin() + sizeof(uint64_t), key.bytes.end(), uint8_t{0});
  return key;
}

/// In parts of 20: how far beyond what chance reaches.
unsigned margin(int32_t share, int32_t needed) {
  if (share < needed || needed >= 1000) return 0;
  return static_cast<unsigned>(20 * (share - needed) / (1000 - needed));
}
unsigned margin(const RhythmJudgement::Evidence& of) {
  return std::max(margin(of.band, of.band_needed), margin(of.comb, of.comb_needed));
}

}  // namespace

std::span<const OptionRow<Beacon::Config>> Beacon::options() {
  return kOptions;
}

void Beacon::Calls::merge(const Calls& other) {
  out += other.out;
  in += other.in;
  calls += other.calls;
  known += other.known;
  midstream += other.midstream;
  web += other.web;
  encrypted += other.encrypted;
  bare += other.bare;
  proxied += other.proxied;
  ja4 = std::max(ja4, other.ja4);
  if (std::tie(other.first, other.flow.id) < std::tie(first, flow.id)) {
    first = other.first;
    flow = other.flow;
  }
  keep_greater(name, other.name);
  keep_greater(application, other.application);
}

void Beacon::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  if ((flow.proto != kTcp && flow.proto != kUdp) || !surroundings_.inside(flow.client) || to_many(flow.server)) return;
  const bool burst = update.moment == FlowMoment::burst;
  // Datagrams without an answer are bursts as well, but for those that stay alone.
  const bool alone = update.moment == FlowMoment::unanswered && update.all_packets[0] == 1;
  if (!burst && (flow.one_sided || (flow.proto == kUdp && !alone))) return;
  const Peer& peer = peers_.of(flow);
  const auto second = static_cast<uint32_t>(std::max<int64_t>(update.time.seconds(), 0));
  Moment key{.line = {.client = flow.client, .peer = peer.key, .proto = flow.proto, .port = flow.server_port}};
  key.line.answered = burst && update.all_packets[1] > 0;
  for (size_t i = 0; i < 4; ++i) key.second[i] = static_cast<uint8_t>(second >> (24 - 8 * i));
  if (delta.calls.bytes() == 0) delta.calls = DeltaTable<Moment, Calls>(surroundings_.hash_seed, Delta::kMostMoments);
  const bool encrypted = flow.protocol == "tls" || flow.protocol == "quic";
  const bool web = encrypted || flow.protocol.starts_with("http");
  const bool bare = burst && flow.application.empty() && (flow.protocol.empty() || flow.protocol == "failed");
  Calls& calls = delta.calls.at(key);
  calls.out += update.bytes[0];
  calls.in += update.bytes[1];
  ++calls.calls;
  calls.known += Peers::known_service(flow);
  calls.midstream += flow.midstream;
  calls.web += web;
  calls.encrypted += encrypted;
  calls.bare += bare;
  calls.proxied += Peers::by_proxy(flow);
  calls.ja4 = std::max(calls.ja4, flow.ja4);
  if (std::tie(update.time, flow.id) < std::tie(calls.first, calls.flow.id)) {
    calls.first = update.time;
    calls.flow = name_of(flow);
  }
  keep_greater(calls.name, peer.name);
  keep_greater(calls.application, flow.application);
}

unsigned Beacon::confidence(const RhythmJudgement& rhythm, const Circumstances& of) {
  if (!rhythm.holds() && !rhythm.exact) return 0;
  const auto beyond = static_cast<int>(std::max(margin(rhythm.all), margin(rhythm.same_size)));
  int sum = 40 + (rhythm.exact ? std::max(beyond, kExact) : beyond);
  sum += rhythm.same_size_percent >= 80 ? 10 : rhythm.same_size_percent >= 50 ? 5 : 0;
  constexpr int64_t kLong = 600;
  const auto doublings =
      static_cast<int>(std::bit_width(static_cast<uint64_t>(std::max<int64_t>(of.seconds, 0) / kLong)));
  sum += std::min(15, 5 * std::max(0, doublings - 1));
  sum += (of.named ? 0 : 5) + (of.bare ? 5 : 0) + (of.rare ? 10 : 0);
  sum -= (of.browses ? 15 : 0) + (of.in_step ? 20 : 0);
  // Of datagrams that nobody answers both say the same.
  sum -= (of.known ? 40 : 0) + (of.prevalent ? 30 : 0) + (of.datagrams || of.unanswered ? 20 : 0);
  return static_cast<unsigned>(std::clamp(sum, 1, 100));
}

Beacon::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      inklings_(surroundings.part(kMostInklings), surroundings.hash_seed),
      rhythms_(surroundings.part(kMostRhythms), surroundings.hash_seed),
      peers_(surroundings.part(kMostPeers), surroundings.hash_seed),
      named_(surroundings.part(kMostNamed), surroundings.hash_seed),
      watchers_(surroundings.part(kMostWatchers), surroundings.hash_seed),
      programs_(surroundings.part(kMostPrograms), surroundings.hash_seed),
      steps_(surroundings.part(kMostSteps), surroundings.hash_seed) {}

void Beacon::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.calls.overflowed();
  delta.calls.walk([&](const Moment& moment, const Calls& seen) {
    Line line = moment.line;
    Calls room;
    const Calls& calls = name(line, seen, room);
    const uint64_t client = hash_of(line.client, surroundings_.hash_seed);
    clients_.add(client);
    peers_.touch(line.peer, now_).value.add(client, now_);
    if (calls.ja4 != 0 && calls.known == 0 && line.peer.version == 0) {
      programs_.touch(Program(line.client, calls.ja4), now_).value.add(hash_of(line.peer, surroundings_.hash_seed));
    }
    bool rung = false;
    auto* entry = enter(line, calls, rung);
    if (!entry) return;
    State& state = entry->value;
    state.sum.merge(calls);
    if (rung) {
      state.found = state.rhythm.settle();
      if (state.found) state.judgement = state.rhythm.judge();
      rhythms_.set_worth(*entry, static_cast<uint8_t>(state.found ? 15 : std::bit_width(state.rhythm.count())));
    }
    if (state.found) report(line, state, calls.first, findings);
  });
}

const Beacon::Calls& Beacon::Global::name(Line& line, const Calls& calls, Calls& room) {
  if (line.peer.version == 0) {
    if (Peer::looked_up(line.peer)) return calls;
    if (calls.proxied > 0) return calls;  // its address is that of all names
    named_.touch(calls.flow.server, now_).value = {line.peer, 2 * calls.known >= calls.calls,
                                                   2 * calls.web >= calls.calls, 2 * calls.encrypted >= calls.calls,
                                                   calls.name};
    return calls;
  }
  const auto* entry = calls.midstream == calls.calls ? named_.find(line.peer) : nullptr;
  if (!entry) return calls;
  const Named& named = entry->value;
  line.peer = named.peer;
  room = calls;
  room.name = named.name;
  room.known = named.known ? calls.calls : 0;
  room.web = named.web ? calls.calls : 0;
  room.encrypted = named.encrypted ? calls.calls : 0;
  room.bare = 0;
  return room;
}

uint32_t Beacon::Global::watched(const IpAddress& client, const IpAddress& server) {
  auto& servers = watchers_.touch(client, now_).value;
  servers.add(hash_of(server, surroundings_.hash_seed));
  return servers.count();
}

/// How many names, of no known service, are called by who says hello alike: whoever looks at pages calls many, and some
/// of them stay open and ask for news by the clock.
uint32_t Beacon::Global::called_alike(const IpAddress& client, uint64_t ja4) {
  const auto* program = ja4 == 0 ? nullptr : programs_.find(Program(client, ja4));
  return program ? program->value.count() : 0;
}

/// How many peers outside the client calls at that pace and at the same times, this one among them: who asks many for
/// news by one clock takes no orders from each of them.
uint32_t Beacon::Global::in_step(const Line& line, uint32_t period, Timestamp time) {
  constexpr int64_t kSixteenth = 1'000'000'000 / 16, kLeast = 2'000'000'000;  // ns
  const uint64_t hash = hash_of(line.peer, surroundings_.hash_seed);
  auto& peers = steps_.touch(line.client, now_).value.peers;
  auto slot = std::ranges::find(peers, hash, &Steps::Called::hash);
  if (slot == peers.end()) slot = std::ranges::min_element(peers, {}, &Steps::Called::last);
  *slot = {hash, time, period};
  const int64_t round = period * kSixteenth, slack = std::max(round / 16, kLeast);
  return static_cast<uint32_t>(std::ranges::count_if(peers, [&](const Steps::Called& of) {
    const int64_t apart = time.ns - of.last.ns, differ = of.period * kSixteenth - round;
    const bool at_once = std::max(apart, -apart) <= slack,
               round_before = std::max(apart - round, round - apart) <= slack;
    return of.period != 0 && std::max(differ, -differ) <= round / 16 && (at_once || round_before);
  }));
}

Beacon::Global::Rhythms::Entry* Beacon::Global::enter(const Line& line, const Calls& calls, bool& rung) {
  auto* entry = rhythms_.find(line);
  if (!entry) {
    auto& early = inklings_.touch(line, now_);
    Inkling& inkling = early.value;
    inkling.add(calls.first, calls.out, calls.in);
    if (!inkling.full()) {
      inklings_.set_worth(early, static_cast<uint8_t>(inkling.count()));
      return nullptr;
    }
    entry = &rhythms_.touch(line, now_);
    entry->value.rhythm = Rhythm(inkling);
    entry->value.first = inkling.time(inkling.check_ins().front());
    inklings_.erase(early);
    return entry;
  }
  rhythms_.touch(line, now_);
  rung = entry->value.rhythm.add(calls.first, calls.out, calls.in);
  return entry;
}

void Beacon::Global::report(const Line& line, const State& state, Timestamp time, Findings& findings) {
  const Calls& sum = state.sum;
  const RhythmJudgement& rhythm = state.judgement;
  const bool looks_up = Peer::looked_up(line.peer);
  const auto judge = [&](const IpAddress& key) {
    const auto* known = peers_.find(key);
    return known ? known->value.judge(clients_.count(), now_) : Novelty::Judgement{};
  };
  Novelty::Judgement peer = judge(line.peer);
  // A name is looked up by the clock as often as what was learned of it expires: it is as common as those who call it
  // make it.
  if (looks_up) {
    const Novelty::Judgement callers = judge(called(line.peer));
    if (callers.hosts > peer.hosts) peer = callers;
  }
  // Of few hosts none is rare.
  const bool enough = clients_.count() >= 10;
  const bool everywhere = enough && peer.prevalence >= kEverywhere;
  const uint32_t alike = called_alike(line.client, sum.ja4);
  const IpAddress& server = sum.flow.server;
  // What stays inside is mostly watched or watches; what nobody answers brings no orders; what most hosts run came to
  // them by order.
  const bool proxied = 2 * sum.proxied >= sum.calls && line.peer != server;
  const bool inside = !proxied && surroundings_.inside(server);
  const uint32_t steps = inside || looks_up || !line.answered ? 0 : in_step(line, rhythm.period, time);
  const Timestamp last = std::max(time, state.rhythm.time(state.rhythm.check_ins().back()));
  const Circumstances circumstances{.seconds = (last.ns - state.first.ns) / 1'000'000'000,
                                    .named = !sum.name.empty(),
                                    .bare = 2 * sum.bare >= sum.calls && line.answered,
                                    .known = 2 * sum.known >= sum.calls,
                                    .datagrams = line.proto == kUdp && 2 * sum.web < sum.calls,
                                    .unanswered = line.answered == 0,
                                    .rare = enough && peer.hosts <= config_.rare,
                                    .prevalent = enough && (peer.hosts >= config_.prevalent || everywhere),
                                    .browses = alike >= kBrowses,
                                    .in_step = steps >= kInStep};
  const unsigned sure = confidence(rhythm, circumstances);
  if (sure < config_.confidence) return;

  const bool enough_calls = state.rhythm.count() >= kCertain;
  const bool harmful =
      !inside && line.answered && !circumstances.known && !everywhere && !circumstances.in_step && enough_calls;
  // Whoever calls many inside watches them, which shows before the first of them is told; whom most call serves them.
  const bool serves = everywhere && line.answered;
  if (inside && (watched(line.client, server) >= kWatches || serves || state.rhythm.count() < kSure)) return;
  const unsigned severity = harmful ? kHarm : inside ? kInside : kLittleHarm;
  const std::string subject = to_string(line.client), place = endpoint(server, line.port);
  const std::string object = !sum.name.empty() ? sum.name : proxied ? to_string(line.peer) : place;
  const std::string key = subject + " " + object + " " + std::to_string(line.port) + " " + std::to_string(line.proto) +
                          (line.answered ? "" : " unanswered");
  Report report{.key = keyed_hash(to_bytes(key), kReplaySeed),
                .subject = subject,
                .objects = {place},
                .severity = static_cast<uint8_t>(severity),
                .confidence = static_cast<uint8_t>(sure),
                .techniques = 0,
                .time = time,
                .first = state.first,
                .last = last,
                .count = state.rhythm.count(),
                .flows = {sum.flow},
                .src = line.client,
                .dest = server,
                .explained_by = looks_up ? bit(Role::resolver) : RoleMask{0},  // it asks for others
                .idle = std::max(kDay, int64_t{3} * rhythm.period / 16)};
  if (object != place) report.objects.insert(report.objects.begin(), object);
  const bool web = 2 * sum.web >= sum.calls;
  report.techniques = web ? 1U : 4U;
  if (2 * sum.encrypted >= sum.calls) report.techniques |= 2;
  if (!usual_port(line.port) && !proxied) report.techniques |= 8;

  findings.report(std::move(report), [&](JsonWriter& json) {
    const auto check_ins = state.rhythm.check_ins();
    json.member("checkins", state.rhythm.count()).member("period_s", rhythm.period / 16.0);
    json.member("jitter_pct", rhythm.jitter_percent).member("missed_pct", rhythm.missed_percent);
    const auto& of = rhythm.all.holds() || !rhythm.same_size.holds() ? rhythm.all : rhythm.same_size;
    json.member("judged", of.n).member("band", of.band / 1000.0).member("band_needed", of.band_needed / 1000.0);
    json.member("comb", of.comb / 1000.0).member("comb_needed", of.comb_needed / 1000.0);
    json.member("same_size_pct", rhythm.same_size_percent).member("answered", line.answered != 0);
    json.member("bytes_out", sum.out).member("bytes_in", sum.in).member("seconds", circumstances.seconds);
    json.member("hosts", peer.hosts).member("hosts_active", clients_.count());
    if (sum.ja4 != 0) json.member("names_same_ja4", alike);
    if (steps > 0) json.member("in_step", steps);
    json.member("confidence_needed", config_.confidence);
    if (!sum.application.empty()) json.member("app", sum.application);
    if (proxied) json.member("proxy", place);
    json.begin_array("gaps_s");
    for (size_t i = check_ins.size() - std::min<size_t>(check_ins.size(), 8); i + 1 < check_ins.size(); ++i) {
      json.value((check_ins[i + 1].time - check_ins[i].time) / 16.0);
    }
    json.end_array();
  });
}

void Beacon::Global::expire(Second second, Findings&) {
  if (second <= kIdle || second % 60 != 0) return;
  const auto due = static_cast<uint32_t>(second - kIdle);
  inklings_.expire(due, [](const auto&) {});
  rhythms_.expire(due, [](const auto&) {});
  peers_.expire(due, [](const auto&) {});
  named_.expire(due, [](const auto&) {});
  watchers_.expire(due, [](const auto&) {});
  programs_.expire(due, [](const auto&) {});
  steps_.expire(due, [](const auto&) {});
}

StateUse Beacon::Global::use() const {
  StateUse out{.overflow = overflow_};
  const auto add = [&](const auto&... tables) {
    ((out.keys += tables.keys(), out.bytes += tables.bytes(), out.evicted += tables.evicted()), ...);
  };
  add(inklings_, rhythms_, peers_, named_, watchers_, programs_, steps_);
  return out;
}

}  // namespace lapwing::analytics
