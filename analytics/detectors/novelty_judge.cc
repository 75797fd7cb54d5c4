// The half of novelty that remembers and judges.
#include <algorithm>
#include <bit>
#include <cstring>

#include "analytics/detectors/novelty.h"
#include "analytics/shape/saved_table.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Novelties::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.novelty.keys", &C::keys, "400000",
     "values that are remembered, of some 100 bytes each; beyond that those of few hosts go first"},
    {"analytics.novelty.active", &C::active, "50",
     "hosts of which more must be active before the value of one alone is told"},
    {"analytics.novelty.steady", &C::steady, "3600", "for how long a value must stay with one host and one peer",
     Unit::seconds},
    {"analytics.novelty.clients", &C::clients, "2", "hosts that one may serve and still be no server"},
    {"analytics.novelty.managed", &C::managed, "4", "hosts that one must administer to be known for it"},
};

constexpr uint32_t kDay = 86'400, kMemory = 30 * kDay;  // seconds
constexpr uint8_t kLasting = 8;                         // worth of what nobody brings about by making up a text
constexpr size_t kSavedState = Novelty::kSaved + 9;

/// By kind: what a finding says of harm and certainty, and its technique's bit.
struct Telling {
  std::string_view name;
  uint8_t severity = 0, confidence = 0;
  uint32_t techniques = 0;
};
constexpr Telling kTold[Novelties::kKinds] = {
    {"serving"},        {"admin"},         {"service", 25, 60, 1},    {"edge", 45, 60, 2},
    {"ja4", 40, 60, 4}, {"hassh"},         {"user_agent", 40, 60, 4}, {"name"},
    {"issuer"},         {"doh", 25, 60, 8}};

const Telling& told(Novelties::Kind kind) {
  return kTold[static_cast<size_t>(kind)];
}

}  // namespace

std::span<const OptionRow<Novelties::Config>> Novelties::options() {
  return kOptions;
}

Novelties::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      values_(static_cast<uint32_t>(std::min<uint64_t>(config.keys, UINT32_MAX)), surroundings.hash_seed),
      groups_(kMostGroups, surroundings.hash_seed) {}

uint32_t Novelties::Global::active() const {
  FanOf<256> both = today_;
  both.merge(yesterday_);
  return both.count();
}

/// How many the host serves or administers.
uint32_t Novelties::Global::hosts_of(Kind kind, const IpAddress& host) {
  Value value{.kind = kind};
  const uint64_t hash = hash_of(host, surroundings_.hash_seed);
  std::memcpy(value.hash.data(), &hash, sizeof hash);
  const auto* entry = values_.find(value);
  return entry ? entry->value.seen.novelty.hosts() : 0;
}

void Novelties::Global::pass(Second second) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, UINT32_MAX));
  learning_.pass(now_);
  if (learning_.missing(surroundings_.learn) != 0) {
    learned_ = 0;
  } else if (learned_ == 0) {
    learned_ = now_;
  }
}

void Novelties::Global::take(Second second, Delta& delta, Findings& findings) {
  pass(second);
  if (now_ / kDay > day_) {
    yesterday_ = now_ / kDay == day_ + 1 ? today_ : FanOf<256>();
    today_ = FanOf<256>();
    day_ = now_ / kDay;
  }
  today_.merge(delta.hosts);
  overflow_ += delta.values.overflowed();
  delta.values.walk([&](const Value& value, const Sight& sight) {
    auto& entry = values_.touch(value, now_);
    State& state = entry.value;
    // Of a flow that ended long ago it may be told only now.
    const bool learned = learned_ != 0 && sight.first.seconds() >= learned_;
    const bool is_new = state.seen.novelty.empty();
    state.fresh |= is_new && learned;
    state.seen.merge(sight.seen);
    const Novelty& novelty = state.seen.novelty;
    const auto spread = static_cast<uint8_t>(novelty.exact() ? std::bit_width(novelty.hosts()) : kLasting - 1);
    const bool said = value.kind >= Kind::ja4 && value.kind != Kind::doh;
    values_.set_worth(entry, said ? spread : kLasting);
    if (!learned || state.told || !is_worth_telling(value, state, sight, is_new)) return;
    state.told = true;
    report(value, state, sight, findings);
  });
}

bool Novelties::Global::is_worth_telling(const Value& value, const State& state, const Sight& sight, bool is_new) {
  switch (value.kind) {
    case Kind::service:
    case Kind::doh: return is_new;
    case Kind::edge:
      // Between hosts that serve nobody; from one that is known to administer it is no news.
      return is_new && hosts_of(Kind::serving, sight.flow.server) <= config_.clients &&
             hosts_of(Kind::serving, sight.flow.client) <= config_.clients &&
             hosts_of(Kind::admin, sight.flow.client) < config_.managed;
    case Kind::ja4:
    case Kind::user_agent: {
      const Novelty& novelty = state.seen.novelty;
      return state.fresh && novelty.span() >= config_.steady && state.seen.one_peer() && novelty.exact() &&
             novelty.hosts() == 1 && active() > config_.active;
    }
    default: return false;
  }
}

void Novelties::Global::report(const Value& value, const State& state, const Sight& sight, Findings& findings) {
  const Telling& telling = told(value.kind);
  const FlowName& flow = sight.flow;
  const IpAddress& host = value.kind == Kind::service ? flow.server : flow.client;
  Group& group = groups_.touch({host, value.kind}, now_).value;
  const auto end = std::ranges::find(sight.text, '\0');
  const std::string text(sight.text.begin(), end);
  group.first = std::min(group.first, sight.first);
  group.last = std::max(group.last, sight.first);
  if (++group.count <= kShown) {
    group.objects.push_back(endpoint(flow.server, flow.server_port));
    group.values.push_back(text);
    group.flows.push_back(flow);
  }
  const std::string subject = to_string(host), key = subject + " " + std::string(telling.name);
  const uint32_t serving = hosts_of(Kind::serving, flow.server);
  const Novelty::Judgement seen = state.seen.novelty.judge(active(), now_);
  findings.report({.key = keyed_hash(to_bytes(key), kReplaySeed),
                   .subject = subject,
                   .objects = group.objects,
                   .severity = telling.severity,
                   .confidence = telling.confidence,
                   .techniques = telling.techniques,
                   .time = sight.first,
                   .first = group.first,
                   .last = group.last,
                   .count = group.count,
                   .flows = group.flows,
                   .src = flow.client,
                   .dest = flow.server},
                  [&](JsonWriter& json) {
                    json.member("kind", telling.name).begin_array("values");
                    for (const std::string& shown : group.values) json.value(shown);
                    json.end_array();
                    json.member("new", group.count).member("hosts", seen.hosts).member("age_s", seen.age);
                    json.member("hosts_active", active());
                    if (value.kind == Kind::edge) {
                      json.member("clients_of_server", serving).member("clients_of_server_at_most", config_.clients);
                    } else if (telling.techniques == 4) {
                      json.member("hosts_active_needed", config_.active + 1).member("age_needed_s", config_.steady);
                    }
                    json.member("learned_s", learning_.seen()).member("learned_needed_s", surroundings_.learn);
                  });
}

void Novelties::Global::expire(Second second, Findings&) {
  pass(second);
  if (second % 60 != 0) return;
  if (now_ > kMemory) values_.expire(now_ - kMemory, [](const auto&) {});
  if (now_ > about.idle) groups_.expire(now_ - static_cast<uint32_t>(about.idle), [](const auto&) {});
}

StateUse Novelties::Global::use() const {
  return {.keys = uint64_t{values_.keys()} + groups_.keys(),
          .bytes = values_.bytes() + groups_.bytes(),
          .evicted = values_.evicted() + groups_.evicted(),
          .overflow = overflow_,
          .learning = learning_.missing(surroundings_.learn)};
}

void Novelties::Global::save(StateWriter& out) {
  learning_.save(out);
  out.u32(learned_);
  out.u32(day_);
  out.bytes(today_.bytes());
  out.bytes(yesterday_.bytes());
  save_table(values_, out, [](const State& state, StateWriter& to) {
    state.seen.novelty.save(to);
    to.u32(state.seen.least_peer);
    to.u32(state.seen.most_peer);
    to.u8(static_cast<uint8_t>(state.fresh | state.told << 1));
  });
}

bool Novelties::Global::load(StateReader& in) {
  if (!learning_.load(in)) return false;
  now_ = learning_.last();
  learned_ = in.u32();
  day_ = in.u32();
  if (!today_.load(in.bytes(sizeof today_)) || !yesterday_.load(in.bytes(sizeof yesterday_))) return false;
  return load_table(values_, in, learning_.last(), kSavedState, [](State& state, StateReader& from) {
    if (!state.seen.novelty.load(from) || state.seen.novelty.empty()) return false;
    state.seen.least_peer = from.u32();
    state.seen.most_peer = from.u32();
    const uint8_t flags = from.u8();
    state.fresh = flags & 1;
    state.told = flags >> 1 & 1;
    return flags < 4;
  });
}

}  // namespace lapwing::analytics
