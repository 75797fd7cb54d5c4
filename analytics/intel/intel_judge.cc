#include <algorithm>
#include <bit>
#include <string>

#include "analytics/intel/intel.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

constexpr uint8_t kNoise = 15;                      // severity: info, however sure
constexpr unsigned kAfterAsking = 10, kLarge = 15;  // added to a feed's severity
constexpr int64_t kFollows = 60'000'000'000;        // ns from an answer to a connection
constexpr size_t kMostText = 256;                   // bytes that are shown of what a feed says

/// How sure it is that who shows an indicator is who is meant, where the feed does not say: addresses change hands,
/// and many programs greet alike.
constexpr uint8_t kConfidence[kIndicatorTypes] = {
    85,  // domain
    90,  // domain_exact
    75,  // network
    90,  // url
    90,  // md5
    95,  // sha1
    95,  // sha256
    40,  // ja3
    35,  // ja3s
    45,  // ja4
    40,  // hassh
    80,  // email
    50,  // user_agent
    35,  // file_name
    80,  // tls_serial
};

constexpr CounterRow<Intel::Counters> kCounters[] = {
    {"analytics.intel.expired", &Intel::Counters::expired, "indicators in force that hold no more, by packet time",
     CounterKind::gauge},
    {"analytics.intel.unconfirmed", &Intel::Counters::unconfirmed,
     "hits that were none: what stands in the feed is another indicator"},
};

/// Bits by place in Intel::kTechniques.
uint32_t techniques_of(uint8_t deeds, bool from_outside, bool large) {
  constexpr uint32_t kProtocol = 1, kTransfer = 2, kPhishing = 4, kExfiltration = 8, kScanning = 16;
  if (from_outside && (deeds & (deed::mailed | deed::file)) == 0) return kScanning;
  const bool other = (deeds & ~(deed::mailed | deed::file | deed::data)) != 0;
  return (other ? kProtocol : 0) | (deeds & deed::file ? kTransfer : 0) | (deeds & deed::mailed ? kPhishing : 0) |
         (large ? kExfiltration : 0);
}

std::string_view cut(std::string_view text) {
  return text.substr(0, kMostText);
}

uint32_t to_second(Second second) {
  return static_cast<uint32_t>(std::clamp<Second>(second, 0, UINT32_MAX));
}

}  // namespace

void Intel::list_counters(CounterSet& set) {
  IndicatorFeeds::list_counters(set);
  set.add(Counters{}, std::span<const CounterRow<Counters>>(kCounters));
}

Intel::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      states_(surroundings.part(kMostKeys), surroundings.hash_seed),
      answers_(surroundings.part(kMostPairs), surroundings.hash_seed) {}

/// Whether a feed in force has it, as it stands there: a fingerprint proves nothing.
bool Intel::Global::confirm(const Key& key, const Seen& seen, State& state) {
  if (state.generation == config_.feeds->generation() && state.all.canonical == seen.canonical) return state.listed;
  state.generation = config_.feeds->generation();
  const auto set = config_.feeds->current();
  const IndicatorSlot* slot = set->table().find(key.type, seen.canonical);
  auto text = slot ? set->text(*slot, seen.canonical) : std::nullopt;
  state.listed = text.has_value();
  if (!state.listed) {
    counters_.unconfirmed += slot != nullptr;
    return false;
  }
  state.text = std::move(*text);
  for (std::string* one : {&state.text.text, &state.text.tags}) one->resize(std::min(one->size(), kMostText));
  return true;
}

void Intel::Global::take(Second second, Delta& delta, Findings& findings) {
  if (!config_.feeds) return;
  overflow_ += delta.seen.overflowed() + delta.answers.overflowed() + delta.opened.overflowed();
  delta.seen.walk([&](const Key& key, const Seen& seen) {
    auto& entry = states_.touch(key, to_second(second));
    State& state = entry.value;
    const bool listed = confirm(key, seen, state);
    state.all.merge(seen);
    states_.set_worth(entry, static_cast<uint8_t>(listed ? 1 + std::popcount(state.all.deeds) : 0));
    if (listed) report(key, state, seen.last, seen.flow, findings);
  });
  delta.answers.walk(
      [&](const Pair& pair, const Answer& answer) { answers_.touch(pair, to_second(second)).value = answer; });
  delta.opened.walk([&](const Pair& pair, const Opened& opened) { follow(pair, opened, findings); });
}

/// Whether a client goes where a listed name led it.
void Intel::Global::follow(const Pair& pair, const Opened& opened, Findings& findings) {
  const auto* answer = answers_.find(pair);
  if (!answer) return;
  const int64_t after = opened.last.ns - answer->value.first.ns;
  auto* entry = after >= 0 && after <= kFollows ? states_.find(answer->value.of) : nullptr;
  if (!entry || !entry->value.listed || (entry->value.all.deeds & deed::followed) != 0) return;
  Seen& all = entry->value.all;
  all.deeds |= deed::followed;
  all.last = std::max(all.last, opened.last);
  report(entry->key(), entry->value, opened.last, opened.flow, findings);
}

void Intel::Global::report(const Key& key, const State& state, Timestamp time, const FlowName& flow,
                           Findings& findings) const {
  const Seen& all = state.all;
  const auto did = [&](uint8_t deeds) { return (all.deeds & deeds) != 0; };
  const bool from_outside = key.from_outside != 0, large = all.out >= config_.large;
  const bool asked = did(deed::asked) && did(deed::connected | deed::followed);
  unsigned severity = state.text.severity + (asked ? kAfterAsking : 0) + (large ? kLarge : 0);
  if (from_outside && !did(deed::data)) severity = std::min<unsigned>(severity, kNoise);
  const bool only_asked = (all.deeds & ~(deed::asked | deed::answered)) == 0;
  const unsigned confidence = state.text.confidence >= 0 ? static_cast<unsigned>(state.text.confidence)
                                                         : kConfidence[static_cast<size_t>(key.type)];
  Report out{.key = hash_of(key, kReplaySeed),
             .subject = to_string(key.host),
             .severity = static_cast<uint8_t>(std::min(severity, 100U)),
             .confidence = static_cast<uint8_t>(confidence),
             .techniques = techniques_of(all.deeds, from_outside, large),
             .time = time,
             .first = all.first,
             .last = all.last,
             .count = std::max<uint64_t>(all.count, 1),
             .flows = {all.flow},
             .explained_by = only_asked ? bit(Role::resolver) | bit(Role::mail) : 0};
  if (!(flow == all.flow)) out.flows.push_back(flow);
  all.objects.walk([&](std::string_view text) { out.objects.emplace_back(text); });
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.begin_object("indicator").member("type", name(key.type)).member("value", cut(state.text.text));
    json.member("source", state.text.source);
    if (!state.text.feed.empty()) json.member("feed", state.text.feed);
    if (!state.text.tags.empty()) json.member("tags", cut(state.text.tags));
    json.end_object();
    json.member("direction", from_outside ? "inbound" : "outbound").begin_array("done");
    for (size_t i = 0; i < std::size(deed::kNames); ++i) {
      if (all.deeds >> i & 1) json.value(deed::kNames[i]);
    }
    json.end_array();
    json.member("queries", all.queries).member("connections", all.connections).member("tries", all.tries);
    json.member("bytes_out", all.out).member("bytes_in", all.in).member("bytes_out_large", config_.large);
    json.member("objects", all.others.count());
  });
}

void Intel::Global::expire(Second second, Findings&) {
  if (!config_.feeds) return;
  constexpr Second kDay = 86'400;
  const auto day = static_cast<uint16_t>(std::clamp<Second>(second / kDay, 1, UINT16_MAX));
  if (day != day_ || config_.feeds->generation() != generation_) {
    day_ = day;
    generation_ = config_.feeds->generation();
    counters_.expired = config_.feeds->current()->table().expired(day);
  }
  if (second % 60 != 0) return;
  answers_.expire(to_second(second - kFollows / 1'000'000'000), [](const auto&) {});
  states_.expire(to_second(second - about.idle), [](const auto&) {});
}

StateUse Intel::Global::use() const {
  return {.keys = uint64_t{states_.keys()} + answers_.keys(),
          .bytes = states_.bytes() + answers_.bytes(),
          .evicted = states_.evicted() + answers_.evicted(),
          .overflow = overflow_};
}

void Intel::Global::add_counters(CounterSet& set) const {
  if (config_.feeds) config_.feeds->add_counters(set);
  set.add(counters_, std::span<const CounterRow<Counters>>(kCounters));
}

}  // namespace lapwing::analytics
