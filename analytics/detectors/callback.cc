#include "analytics/detectors/callback.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "analytics/shape/few.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = Callback::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.callback.window", &C::window, "60",
     "time behind an attack, and behind a call, within which the next step must come", Unit::seconds},
    {"analytics.callback.memory", &C::memory, "86400", "time behind an attack within which calls by the clock count",
     Unit::seconds},
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint32_t kMemory = 7 * 86'400;  // of who has connected to whom
constexpr Sequence<Callback::kStages>::Order kOrder = {0, 1 << Callback::attacked, 1 << Callback::attacked,
                                                       1 << Callback::attacked, 1 << Callback::called_back};

using N = Callback::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.callback.names_max", &N::names_max,
     "names in attacks for which the attacked host is not watched: others took their room"},
};

constexpr StageSet stage_bit(Callback::Stage stage) {
  return static_cast<StageSet>(1U << stage);
}

/// Servers that call back in the course of their service: FTP's data (RFC 959 3.2), whose user it is (RFC 1413).
bool called_for(const FlowRef& flow) {
  constexpr uint16_t kFtpData = 20, kIdent = 113;
  return flow.client_port == kFtpData || flow.server_port == kIdent;
}

/// By its first bytes: PE, ELF, Mach-O and what is made for several processors, Dalvik.
bool is_program(Bytes content) {
  constexpr std::string_view kBegin[] = {"MZ",
                                         "\x7f"
                                         "ELF",
                                         "\xfe\xed\xfa\xce",
                                         "\xfe\xed\xfa\xcf",
                                         "\xce\xfa\xed\xfe",
                                         "\xcf\xfa\xed\xfe",
                                         "\xca\xfe\xba\xbe",
                                         "dex\n"};
  constexpr size_t kLeast = 64;  // of any of their headers
  const std::string_view text = to_text(content);
  return text.size() >= kLeast && std::ranges::any_of(kBegin, [&](auto begin) { return text.starts_with(begin); });
}

/// What a message says that is to be passed on by its sender's name is looked up by whoever relays it.
bool relays(const FlowName& flow) {
  static constexpr auto kPorts = few<uint16_t>(25, 465, 587, 2525);
  return kPorts.has(flow.server_port) || kPorts.has(flow.client_port);
}

std::string_view text_of(const std::array<char, Callback::kMostNameText>& text) {
  return {text.data(), static_cast<size_t>(std::ranges::find(text, '\0') - text.begin())};
}

}  // namespace

std::span<const OptionRow<C>> Callback::options() {
  return kOptions;
}

std::span<const CounterRow<Callback::Counters>> Callback::counter_rows() {
  return kCounters;
}

void Callback::Attack::merge(const Attack& other) {
  count += other.count;
  keep_first(first, flow, other.first, other.flow);
  last = std::max(last, other.last);
  addresses.merge(other.addresses);
  names.merge(other.names);
  beyond += other.beyond;
  rules.merge(other.rules);
}

void Callback::Asked::add(const IpAddress& address) {
  IpAddress next = address;
  for (IpAddress& place : addresses) {
    if (next == place || next.version == 0) return;
    if (place.version == 0 || next < place) std::swap(next, place);
  }
}

void Callback::Asked::merge(const Asked& other) {
  ends = std::max(ends, other.ends);
  lookup.merge(other.lookup);
  call.merge(other.call);
  for (const IpAddress& address : other.addresses) add(address);
}

void Callback::Delta::operator+=(Delta&& other) {
  attacks.merge(other.attacks);
  opened.merge(other.opened);
  programs.merge(other.programs);
  asked.merge(other.asked);
}

void Callback::Delta::seal() {
  attacks.seal();
  opened.seal();
  programs.seal();
  asked.seal();
}

void Callback::Delta::clear() {
  attacks.clear();
  opened.clear();
  programs.clear();
  asked.clear();
}

void Callback::Local::alert(const AlertSeen& seen, Delta& delta) const {
  if (!seen.attack || to_many(seen.victim)) return;
  Attack one{.count = 1, .first = seen.time, .last = seen.time, .flow = seen.flow};
  one.rules.add(keyed_hash(to_bytes(seen.rule.msg), seed_), seen.rule.msg);
  struct Sink final : MentionSink {
    Sink(const AlertSeen& of, Attack& into, uint64_t seed) : seen(of), one(into), seed_(seed) {}
    void address(const IpAddress& address) override {
      if (to_many(address) || address == seen.victim || address == seen.actor) return;
      one.addresses.add(keyed_hash(address.bytes, seed_), to_string(address));
    }
    void name(std::string_view name) override {
      const uint64_t hash = keyed_hash(to_bytes(name), seed_);
      one.beyond += one.names.full() && !one.names.has(hash);
      one.names.add(hash, name);
    }
    const AlertSeen& seen;
    Attack& one;
    const uint64_t seed_;
  } sink(seen, one, seed_);
  mentions(to_text(seen.payload), sink);
  if (relays(seen.flow)) one.names = {};
  delta.attacks.at({seen.actor, seen.victim}).merge(one);
}

Callback::Asked* Callback::Local::asked(const IpAddress& client, std::string_view name, Delta& delta) const {
  const NameEnds ends = name_ends(name, seed_);
  if (ends[0] == 0) return nullptr;
  Asking key{.client = client};
  std::memcpy(key.name.data(), &ends[0], key.name.size());
  Asked& out = delta.asked.at(key);
  out.ends = ends;
  return &out;
}

void Callback::Local::flow(const FlowUpdate& update, Delta& delta) const {
  constexpr uint8_t kTcp = 6;
  const FlowRef& flow = *update.flow;
  if (flow.proto != kTcp || flow.midstream || called_for(flow)) return;
  const Step step{flow.start, name_of(flow)};
  if (update.moment == FlowMoment::answered) {
    delta.opened.at({flow.client, flow.server}).merge(step);
    return;
  }
  if (flow.host.empty()) return;
  std::array<char, 255> small{};  // RFC 1035 2.3.4
  const std::string_view host = flow.host.substr(0, small.size());
  copy_lower(host, small.data());
  if (Asked* of = asked(flow.client, {small.data(), host.size()}, delta)) of->call.merge(step);
}

void Callback::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  if (event.protocol->name == kProtocols[3]) return look_up(observed, delta);
  if (!event.file || !observed.flow || !is_program(event.file->content())) return;
  const FlowRef& flow = *observed.flow;
  // What is sent to a web server is no more than that; in FTP and TFTP either end may be the one that asked.
  const bool to_client = event.direction == Direction::to_client;
  if (!to_client && event.protocol->name == kProtocols[0]) return;
  delta.programs.at(to_client ? flow.client : flow.server).merge({observed.time, name_of(flow)});
}

void Callback::Local::look_up(const Observed& observed, Delta& delta) {
  constexpr uint16_t kA = 1, kAaaa = 28;
  constexpr size_t kMostAnswers = 16;
  const DnsResponse* response = responses_.read(observed);
  if (!response) return;
  Asked* of = asked(response->client, response->name, delta);
  if (!of) return;
  of->lookup.merge({observed.time, name_of(*observed.flow)});
  if (response->type != kA && response->type != kAaaa) return;
  size_t left = kMostAnswers;
  answers_.for_each(observed.event, [&](const Value& value) {
    const Bytes data = value.bytes;
    if (response->type == kA && data.size() == 4) of->add(IpAddress::v4(data.data()));
    if (response->type == kAaaa && data.size() == 16) of->add(IpAddress::v6(data.data()));
    return --left > 0;
  });
}

Callback::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      victims_(kMostVictims, surroundings.hash_seed),
      known_(kMostPairs, surroundings.hash_seed) {}

void Callback::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ +=
      delta.attacks.overflowed() + delta.opened.overflowed() + delta.programs.overflowed() + delta.asked.overflowed();
  delta.attacks.walk([&](const Pair& pair, const Attack& seen) { attack(pair, seen, now); });
  delta.asked.walk([&](const Asking& asking, const Asked& of) { ask(asking.client, of, findings); });
  delta.opened.walk([&](const Pair& pair, const Step& step) {
    uint32_t& since = known_.touch(pair, now).value;
    const bool known = since != 0;
    if (!known) since = static_cast<uint32_t>(std::clamp<int64_t>(step.first.seconds(), 1, UINT32_MAX));
    open(pair, step, known, findings);
  });
  delta.programs.walk([&](const IpAddress& host, const Step& step) { receive(host, step, findings); });
}

void Callback::Global::suspect(State& state, const IpAddress& address, Timestamp first, Timestamp last, bool named) {
  auto slot = std::ranges::find(state.suspects, address, &Suspect::address);
  if (slot == state.suspects.end()) {
    slot = std::ranges::min_element(state.suspects, {}, &Suspect::last);
    *slot = {address, first, last, named};
  }
  slot->last = std::max(slot->last, last);
}

void Callback::Global::attack(const Pair& pair, const Attack& attack, uint32_t now) {
  auto& entry = victims_.touch(pair.to, now);
  State& state = entry.value;
  attack.addresses.walk([&](std::string_view text) {
    const auto address = IpAddress::parse(text);
    if (address) suspect(state, *address, attack.first, attack.last, true);
  });
  suspect(state, pair.from, attack.first, attack.last, false);
  counters_.names_max += attack.beyond;
  attack.names.walk_hashed([&](uint64_t hash, std::string_view text) {
    auto slot = std::ranges::find(state.names, hash, &Name::hash);
    if (slot == state.names.end()) {
      slot = std::ranges::min_element(state.names, {}, &Name::last);
      const int64_t age = attack.last.ns - slot->last.ns;
      counters_.names_max += slot->hash != 0 && age <= static_cast<int64_t>(config_.window) * kSecond;
      *slot = {hash, attack.first, attack.last, {}};
      std::ranges::copy(text, slot->text.begin());
    }
    slot->last = std::max(slot->last, attack.last);
  });
  if (state.found == 0) state.attacker = pair.from;
  state.attacks += attack.count;
  state.rules.merge(attack.rules);
  state.first = std::min(state.first, attack.first);
  Stages<kStages> stages;
  stages.add(attacked, attack.first);
  state.sequence.add(stages, kOrder);
  auto& step = state.steps[attacked];
  if (state.found == 0) step = Step{attack.first, attack.flow};
  victims_.set_worth(entry, static_cast<uint8_t>(std::bit_width(unsigned{state.found}) + 1));
}

/// Who asks for a name that it was sent, or for one below it, does what it was told; and so does who calls it.
void Callback::Global::ask(const IpAddress& host, const Asked& asked, Findings& findings) {
  auto* entry = victims_.find(host);
  if (!entry) return;
  State& state = entry->value;
  const int64_t window = static_cast<int64_t>(config_.window) * kSecond;
  const auto due = [&](const Name& name, const Step& step) {
    constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
    return step.first.ns != kNever && step.first >= name.first && step.first.ns - name.last.ns <= window;
  };
  for (const Name& name : state.names) {
    if (name.hash == 0 || std::ranges::find(asked.ends, name.hash) == asked.ends.end()) continue;
    const Step &lookup = asked.lookup, &call = asked.call;
    if (due(name, lookup)) {
      if (state.name[0] == '\0') state.name = name.text;
      for (const IpAddress& address : asked.addresses) {
        if (address.version != 0 && address != host) suspect(state, address, lookup.first, name.last, true);
      }
      reach(host, state, looked_up, lookup, findings);
    }
    if (!due(name, call)) continue;
    const auto* known = known_.find({host, call.flow.server});
    if (known && known->value < name.first.seconds()) continue;
    if (state.name[0] == '\0') state.name = name.text;
    if (!(state.found & stage_bit(called_back))) {
      state.called = call.flow.server;
      state.named = true;
      reach(host, state, called_back, call, findings);
    }
  }
}

/// A connection to a suspect is the callback where there was none before; from then on those to it are check-ins.
void Callback::Global::open(const Pair& pair, const Step& step, bool known, Findings& findings) {
  auto* entry = victims_.find(pair.from);
  if (!entry) return;
  State& state = entry->value;
  if (state.found & stage_bit(called_back) && pair.to == state.called) {
    const bool late = step.first.seconds() - state.first.seconds() > static_cast<int64_t>(config_.memory);
    if (state.rhythm.add(step.first, 0, 0) && state.rhythm.settle() && !late) {
      reach(pair.from, state, checked_in, step, findings);
    }
    return;
  }
  const auto suspect = std::ranges::find(state.suspects, pair.to, &Suspect::address);
  if (known || suspect == state.suspects.end() || step.first < suspect->first) return;
  if (step.first.ns - suspect->last.ns > static_cast<int64_t>(config_.window) * kSecond) return;
  if (!(state.found & stage_bit(called_back))) {
    state.called = pair.to;
    state.named = suspect->named;
  }
  reach(pair.from, state, called_back, step, findings);
}

void Callback::Global::receive(const IpAddress& host, const Step& step, Findings& findings) {
  auto* entry = victims_.find(host);
  if (!entry) return;
  State& state = entry->value;
  Stages<kStages> stages;
  stages.add(fetched, step.first);
  Sequence<kStages> with = state.sequence;
  with.add(stages, kOrder);
  const int64_t windows = state.found & stage_bit(called_back) ? 2 : 1;
  const int64_t within = windows * static_cast<int64_t>(config_.window) * kSecond;
  if (with.judge(stage_bit(attacked) | stage_bit(fetched), step.first, within)) {
    reach(host, state, fetched, step, findings);
  }
}

void Callback::Global::reach(const IpAddress& host, State& state, Stage stage, const Step& step, Findings& findings) {
  Stages<kStages> stages;
  stages.add(stage, step.first);
  state.sequence.add(stages, kOrder);
  state.found |= stage_bit(stage);
  if (!state.steps[stage]) state.steps[stage] = step;
  report(host, state, step, findings);
}

void Callback::Global::report(const IpAddress& host, const State& state, const Step& step, Findings& findings) const {
  constexpr std::string_view kNames[] = {"attacked", "looked_up", "called_back", "fetched_program", "checked_in"};
  const auto has = [&](Stage stage) { return (state.found & stage_bit(stage)) != 0; };
  const bool lateral = surroundings_.inside(state.attacker) && state.attacker != host;
  // Who calls a name has to look it up.
  const bool only_called = has(looked_up) && has(called_back);
  const int stages = std::popcount(state.found) - (only_called ? 1 : 0);
  constexpr uint8_t kSeverities[] = {0, 35, 60, 80};
  Report out{.key = hash_of(host, kReplaySeed),
             .subject = to_string(lateral ? state.attacker : host),
             .objects = {to_string(lateral ? host : state.attacker)},
             .severity = kSeverities[stages],
             .confidence = static_cast<uint8_t>(has(called_back) && !state.named   ? 85
                                                : has(called_back) || has(fetched) ? 80
                                                                                   : 70),
             .techniques = (lateral ? 8U : 1U) | (has(fetched) ? 2U : 0U) | (has(checked_in) ? 4U : 0U),
             .time = step.first,
             .first = state.first,
             .last = step.first,
             .count = state.attacks + static_cast<uint64_t>(stages)};
  for (const auto& of : state.steps) {
    if (of) out.flows.push_back(of->flow);
  }
  if (has(called_back) && state.called != state.attacker && state.called != host) {
    out.objects.push_back(to_string(state.called));
  }
  const std::string_view name = text_of(state.name);
  if (!name.empty()) out.objects.emplace_back(name);
  findings.report(std::move(out), [&, name](JsonWriter& json) {
    json.member("attacked", to_string(host)).member("attacker", to_string(state.attacker));
    json.begin_array("stages");
    for (const Stage stage : {attacked, looked_up, called_back, fetched, checked_in}) {
      if (stage == attacked || has(stage)) json.value(kNames[stage]);
    }
    json.end_array();
    json.begin_array("rules");
    state.rules.walk([&](std::string_view text) { json.value(text); });
    json.end_array();
    json.member("alerts", state.attacks);
    if (has(called_back)) {
      const FlowName& flow = state.steps[called_back]->flow;
      json.member("called", endpoint(flow.server, flow.server_port)).member("named_in_attack", state.named);
    }
    if (!name.empty()) json.member("name", name);
    if (has(fetched)) {
      const FlowName& flow = state.steps[fetched]->flow;
      json.member("program_from", to_string(flow.client == host ? flow.server : flow.client));
    }
    json.member("seconds", step.first.seconds() - state.first.seconds()).member("window_s", config_.window);
  });
}

void Callback::Global::expire(Second second, Findings&) {
  if (second % 60 != 0) return;
  const auto before = [&](Second age) { return static_cast<uint32_t>(std::max<Second>(0, second - age)); };
  victims_.expire(before(static_cast<Second>(config_.memory)), [](const auto&) {});
  known_.expire(before(kMemory), [](const auto&) {});
}

StateUse Callback::Global::use() const {
  return {.keys = uint64_t{victims_.keys()} + known_.keys(),
          .bytes = victims_.bytes() + known_.bytes(),
          .evicted = victims_.evicted() + known_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
