#include "analytics/detectors/dga.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <tuple>

#include "analytics/detectors/trigrams.h"
#include "analytics/shape/bits.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Dga::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.dga.random", &C::random, "6",
     "domains that do not exist, asked for by a host within five to ten minutes, from which on it counts how their "
     "names "
     "are made; from twice as many on, it counts alone"},
    {"analytics.dga.share", &C::share, "50",
     "percent of the domains asked for that must not exist, where they are fewer"},
    {"analytics.dga.any", &C::any, "20",
     "domains that do not exist from which on it does not matter how they are made"},
    {"analytics.dga.any-share", &C::any_share, "70", "percent of the domains asked for that must then not exist"},
};

constexpr uint8_t kNxdomain = 3;
constexpr uint16_t kAddressTypes[] = {1, 28, 65};  // A, AAAA, HTTPS: who asks for them wants to connect

uint32_t share_of(uint32_t part, uint32_t rest) {
  return part == 0 ? 0 : part * 100 / (part + rest);
}

}  // namespace

std::span<const OptionRow<C>> Dga::options() {
  return kOptions;
}

void Dga::Seen::merge(const Seen& other) {
  failed.merge(other.failed);
  missing.merge(other.missing);
  found.merge(other.found);
  missing_names.merge(other.missing_names);
  odd_names.merge(other.odd_names);
  keep_first(first, flow, other.first, other.flow);
  last = std::max(last, other.last);
}

void Dga::Local::event(const Observed& observed, Delta& delta) {
  const DnsResponse* response = responses_.read(observed);
  if (!response || std::ranges::find(kAddressTypes, response->type) == std::end(kAddressTypes)) return;
  if (response->rcode != 0 && response->rcode != kNxdomain) return;
  const std::string_view domain = response->domain, label = domain.substr(0, domain.find('.'));
  const uint64_t hash = keyed_hash(to_bytes(domain), seed_);
  const auto surprise = analytics::surprise(label);
  Seen& seen = delta.seen.at(response->client);
  if (response->rcode == kNxdomain) {
    seen.missing.add(hash);
    if (surprise) {
      seen.failed.add(hash, *surprise);
      seen.missing_names.add(hash, domain);
    }
  } else {
    seen.found.add(hash);
    constexpr uint32_t kFew = 6;
    if (surprise && *surprise > surprise_limit(kFew)) seen.odd_names.add(hash, domain);
  }
  keep_first(seen.first, seen.flow, observed.time,
             {observed.flow->id, observed.flow->client, observed.flow->server, observed.flow->client_port,
              observed.flow->server_port, observed.flow->proto});
  seen.last = std::max(seen.last, observed.time);
}

void Dga::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflowed_ += delta.seen.overflowed();
  delta.seen.walk([&](const IpAddress& host, const Seen& seen) {
    auto* entry = seen.missing.empty() ? hosts_.find(host) : &hosts_.touch(host, now);
    if (!entry) return;
    State& state = entry->value;
    if (const uint32_t window = now / kWindow; window != state.window) {
      state.before = window == state.window + 1 ? state.now : Window();
      state.now = {};
      state.window = window;
    }
    if (state.now.missing.empty() && state.before.missing.empty()) {
      if (seen.missing.empty()) return;
      state = {.first = seen.first, .window = state.window};
    }
    const uint32_t before = state.now.missing.count();
    state.now.failed.merge(seen.failed);
    state.now.missing.merge(seen.missing);
    state.now.found.merge(seen.found);
    state.count += state.now.missing.count() - before;
    state.missing_names.merge(seen.missing_names);
    hosts_.set_worth(*entry, static_cast<uint8_t>(std::bit_width(state.now.missing.count())));
    judge(host, state, seen, findings);
  });
}

void Dga::Global::judge(const IpAddress& host, State& state, const Seen& seen, Findings& findings) const {
  Window all = state.before;
  all.failed.merge(state.now.failed);
  all.missing.merge(state.now.missing);
  all.found.merge(state.now.found);
  const uint32_t judged = all.failed.count(), missing = all.missing.count(), found = all.found.count();
  const uint32_t share = share_of(missing, found), limit = surprise_limit(judged);
  const auto mean = static_cast<uint32_t>(all.failed.sum_of(judged) / std::max(1U, judged));
  const bool odd = judged >= config_.random && mean > limit;
  const bool random = odd && (share >= config_.share || judged >= 2 * config_.random);
  if (!random && !(missing >= config_.any && share >= config_.any_share)) return;

  // Of the names that exist, one that is as odd may be where the program was going.
  if (odd) state.odd_names.merge(seen.odd_names);
  const int32_t times = (log2_sixteenths(missing) - log2_sixteenths(random ? config_.random : config_.any)) / kBit;
  int confidence = (random ? 60 : 50) + 10 * std::clamp(times, 0, 2);
  if (random && mean >= limit + kBit) confidence += 10;
  if (!state.odd_names.empty()) confidence += 10;
  Report out{.key = keyed_hash({host.bytes.data(), host.size()}, kReplaySeed),
             .subject = to_string(host),
             .severity = 75,
             .confidence = static_cast<uint8_t>(std::min(confidence, 95)),
             .time = seen.last,
             .first = state.first,
             .last = seen.last,
             .count = state.count,
             .flows = {seen.flow}};
  state.odd_names.walk([&](std::string_view name) { out.objects.emplace_back(name); });
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.member("domains", missing).member("domains_needed", random ? config_.random : config_.any);
    json.member("nxdomain_pct", share).member("nxdomain_pct_needed", random ? config_.share : config_.any_share);
    json.member("judged", judged);
    json.member("surprise", mean / double{kBit}).member("surprise_needed", limit / double{kBit});
    json.begin_array("names");
    state.missing_names.walk([&](std::string_view name) { json.value(name); });
    json.end_array();
  });
}

void Dga::Global::expire(Second second, Findings&) {
  hosts_.expire(static_cast<uint32_t>(std::max<Second>(0, second - 2 * Second{kWindow})), [](const auto&) {});
}

StateUse Dga::Global::use() const {
  return {.keys = hosts_.keys(), .bytes = hosts_.bytes(), .evicted = hosts_.evicted(), .overflow = overflowed_};
}

}  // namespace lapwing::analytics
