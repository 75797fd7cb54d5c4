#include "analytics/detectors/callback.h"

#include <algorithm>
#include <bit>
#include <string>

#include "sensor/base/hash.h"

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
                                                       1 << Callback::called_back};

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

/// Calls each(address) for IPv4 addresses in a text.
template <class Each>
void for_each_address(std::string_view text, Each each) {
  constexpr size_t kShortest = 7, kLongest = 15;
  const auto part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && part(text[end])) ++end;
    if (end - at >= kShortest && end - at <= kLongest) {
      if (const auto address = IpAddress::parse(text.substr(at, end - at)); address && !to_many(*address))
        each(*address);
    }
    at = end + 1;
  }
}

}  // namespace

std::span<const OptionRow<C>> Callback::options() {
  return kOptions;
}

void Callback::Attack::merge(const Attack& other) {
  count += other.count;
  keep_first(first, flow, other.first, other.flow);
  last = std::max(last, other.last);
  addresses.merge(other.addresses);
  rules.merge(other.rules);
}

void Callback::Delta::operator+=(Delta&& other) {
  attacks.merge(other.attacks);
  opened.merge(other.opened);
  programs.merge(other.programs);
}

void Callback::Delta::seal() {
  attacks.seal();
  opened.seal();
  programs.seal();
}

void Callback::Delta::clear() {
  attacks.clear();
  opened.clear();
  programs.clear();
}

void Callback::Local::alert(const AlertSeen& seen, Delta& delta) const {
  if (!seen.attack || to_many(seen.victim)) return;
  Attack one{.count = 1, .first = seen.time, .last = seen.time, .flow = seen.flow};
  one.rules.add(keyed_hash(to_bytes(seen.rule.msg), seed_), seen.rule.msg);
  for_each_address(to_text(seen.payload), [&](const IpAddress& address) {
    if (address != seen.victim && address != seen.actor)
      one.addresses.add(keyed_hash(address.bytes, seed_), to_string(address));
  });
  delta.attacks.at({seen.actor, seen.victim}).merge(one);
}

void Callback::Local::flow(const FlowUpdate& update, Delta& delta) const {
  constexpr uint8_t kTcp = 6;
  const FlowRef& flow = *update.flow;
  if (flow.proto != kTcp || flow.midstream || called_for(flow)) return;
  delta.opened.at({flow.client, flow.server}).merge({flow.start, name_of(flow)});
}

void Callback::Local::event(const Observed& observed, Delta& delta) const {
  const Event& event = observed.event;
  if (!event.file || !observed.flow || !is_program(event.file->content())) return;
  const FlowRef& flow = *observed.flow;
  // What is sent to a web server is no more than that; in FTP and TFTP either end may be the one that asked.
  const bool to_client = event.direction == Direction::to_client;
  if (!to_client && event.protocol->name == kProtocols[0]) return;
  delta.programs.at(to_client ? flow.client : flow.server).merge({observed.time, name_of(flow)});
}

Callback::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      victims_(kMostVictims, surroundings.hash_seed),
      known_(kMostPairs, surroundings.hash_seed) {}

void Callback::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.attacks.overflowed() + delta.opened.overflowed() + delta.programs.overflowed();
  delta.attacks.walk([&](const Pair& pair, const Attack& seen) { attack(pair, seen, now); });
  delta.opened.walk([&](const Pair& pair, const Step& step) {
    const bool known = known_.find(pair) != nullptr;
    known_.touch(pair, now);
    open(pair, step, known, findings);
  });
  delta.programs.walk([&](const IpAddress& host, const Step& step) { receive(host, step, findings); });
}

void Callback::Global::attack(const Pair& pair, const Attack& attack, uint32_t now) {
  auto& entry = victims_.touch(pair.to, now);
  State& state = entry.value;
  const auto suspect = [&](const IpAddress& address, bool named) {
    auto slot = std::ranges::find(state.suspects, address, &Suspect::address);
    if (slot == state.suspects.end()) {
      slot = std::ranges::min_element(state.suspects, {}, &Suspect::last);
      *slot = {address, attack.first, attack.last, named};
    }
    slot->last = std::max(slot->last, attack.last);
  };
  attack.addresses.walk([&](std::string_view text) {
    if (const auto address = IpAddress::parse(text)) suspect(*address, true);
  });
  suspect(pair.from, false);
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
  constexpr std::string_view kNames[] = {"attacked", "called_back", "fetched_program", "checked_in"};
  const auto has = [&](Stage stage) { return (state.found & stage_bit(stage)) != 0; };
  const bool lateral = surroundings_.inside(state.attacker) && state.attacker != host;
  const int stages = std::popcount(state.found);
  constexpr uint8_t kSeverities[] = {0, 35, 60, 80};
  Report out{.key = hash_of(host, kReplaySeed),
             .subject = to_string(lateral ? state.attacker : host),
             .objects = {to_string(lateral ? host : state.attacker)},
             .severity = kSeverities[stages],
             .confidence = static_cast<uint8_t>(has(called_back) && !state.named ? 85 : 80),
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
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.member("attacked", to_string(host)).member("attacker", to_string(state.attacker));
    json.begin_array("stages");
    for (const Stage stage : {attacked, called_back, fetched, checked_in}) {
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
