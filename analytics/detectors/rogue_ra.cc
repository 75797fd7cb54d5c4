#include "analytics/detectors/rogue_ra.h"

#include <algorithm>
#include <utility>

#include "analytics/detectors/station.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = RogueRa::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.rogue-ra.advertisements", &C::advertisements, "3",
     "seconds in which a router of the LAN was heard before one that comes then is another"},
    {"analytics.rogue-ra.window", &C::window, "1800",
     "two routers that advertise themselves so close together both live (RFC 4861 section 6.2.1)", Unit::seconds},
    {"analytics.rogue-ra.settled", &C::settled, "86400",
     "a LAN that was watched for so long has no further router, even one that tells the same as the others",
     Unit::seconds},
};

using N = RogueRa::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.rogue-ra.routers_max", &N::routers_max,
     "advertisements of routers that are not judged: 16 others live on their LAN", CounterKind::loss},
    {"analytics.rogue-ra.prefixes_max", &N::prefixes_max,
     "prefixes that are not judged: their advertisement has 6 before them", CounterKind::loss},
    {"analytics.rogue-ra.resolvers_max", &N::resolvers_max,
     "resolvers that are not judged: their advertisement has 4 before them", CounterKind::loss},
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint32_t kMemory = 7 * 86'400;  // seconds

RogueRa::Preference preference_of(std::string_view text) {
  return text == "high"  ? RogueRa::Preference::high
         : text == "low" ? RogueRa::Preference::low
                         : RogueRa::Preference::medium;
}

}  // namespace

std::span<const OptionRow<RogueRa::Config>> RogueRa::options() {
  return kOptions;
}

std::span<const CounterRow<RogueRa::Counters>> RogueRa::counter_rows() {
  return kCounters;
}

void RogueRa::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  if (message_.text(observed) != "router_advertisement") return;
  // Hosts take none from elsewhere (RFC 4861 section 6.1.2).
  const auto lifetime = lifetime_.first(observed);
  if (!lifetime || !link_local(observed.sender())) return;
  const auto is = [&](FieldReader& flag) {
    const auto value = flag.first(event);
    return value && value->integer != 0;
  };
  Message message{.router = observed.sender().bytes,
                  .station = observed.station,
                  .lifetime = static_cast<uint16_t>(lifetime->integer),
                  .vlan = observed.vlan,
                  .preference = preference_of(preference_.text(observed)),
                  .configured = is(managed_) || is(other_)};
  size_t at = 0;
  prefix_.for_each(event, [&](const Value& value) {
    if (at == Message::kMostPrefixes) {
      ++message.more_prefixes;
      return true;
    }
    const auto address = IpAddress::parse(to_text(value.bytes));
    if (address) std::copy(address->bytes.begin(), address->bytes.end(), message.prefixes[at].begin());
    ++at;
    return true;
  });
  at = 0;
  bits_.for_each(event, [&](const Value& value) {
    message.prefixes[at].back() = static_cast<uint8_t>(value.integer);
    return ++at < Message::kMostPrefixes;
  });
  at = 0;
  resolvers_.for_each(event, [&](const Value& value) {
    if (at == Message::kMostResolvers) {
      ++message.more_resolvers;
      return true;
    }
    if (const auto address = IpAddress::parse(to_text(value.bytes))) message.resolvers[at] = address->bytes;
    ++at;
    return true;
  });
  delta.hear(message, observed.time, seed_);
}

RogueRa::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config), lans_(surroundings) {}

int64_t RogueRa::Global::window() const {
  return static_cast<int64_t>(std::min<uint64_t>(config_.window, kMemory)) * kSecond;
}

void RogueRa::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.messages.overflowed();
  delta.in_order([&](const Message& message, Timestamp time, uint64_t count) { add(message, time, count); });
  // Once a second: what is judged costs more than a message.
  lans_.judge([&](uint16_t vlan, const Lan& lan) {
    for (const Router& of : lan.members) {
      if (!of.known || of.ended > 0) judge(vlan, lan, of, findings);
    }
  });
}

void RogueRa::Global::add(const Message& message, Timestamp time, uint64_t count) {
  Lan& lan = lans_.hear(message.vlan, time, now_);
  counters_.prefixes_max += message.more_prefixes * count;
  counters_.resolvers_max += message.more_resolvers * count;
  Router* router = advertise(message, time, lan);
  if (!router) {
    counters_.routers_max += count;
    return;
  }
  router->count += count;
  end_in_name(message, time, count, lan, *router);
}

/// Who ends a router from another station, and never served under that name, does not speak for it. A router that moves
/// to another card says its end first, and once. Redundant routers share a name, and a station.
void RogueRa::Global::end_in_name(const Message& message, Timestamp time, uint64_t count, Lan& lan,
                                  Router& router) const {
  for (Router& other : lan.members) {
    if (other.address != router.address || other.station == router.station) continue;
    if (of_redundant_routers(other.station) || of_redundant_routers(router.station)) continue;
    if (message.lifetime > 0) {
      other.refuted |= other.ended > 0 && other.served.ns == 0 && time.ns - other.last.ns <= window();
    } else if (router.served.ns == 0 && other.served.ns > 0 && time.ns - other.served.ns <= window()) {
      router.ended += count;
      return;
    }
  }
}

/// Null where there are too many already.
RogueRa::Global::Router* RogueRa::Global::advertise(const Message& message, Timestamp time, Lan& lan) const {
  auto found = std::ranges::find_if(
      lan.members, [&](const Router& of) { return of.address == message.router && of.station == message.station; });
  const auto alive = [&](const Router& of) { return of.known && time.ns - of.last.ns <= window(); };
  const bool alone = std::ranges::none_of(lan.members, alive);
  if (found == lan.members.end()) {
    if (lan.members.size() == Lan::kMost) {
      const auto oldest = std::ranges::min_element(lan.members, {}, &Router::last);
      if (time.ns - oldest->last.ns <= window()) return nullptr;
      lan.members.erase(oldest);
    }
    const bool learning = std::ranges::none_of(
        lan.members, [&](const Router& of) { return alive(of) && of.seconds >= config_.advertisements; });
    lan.members.push_back({.address = message.router, .station = message.station, .first = time});
    found = lan.members.end() - 1;
    found->known = learning;
  }
  // One that goes on where the others are silent has taken their place.
  found->known |= alone;
  found->seconds += found->last.seconds() != time.seconds();
  found->last = time;
  found->lifetime = message.lifetime;
  if (message.lifetime > 0) found->served = time;
  found->preference = std::max(found->preference, message.preference);
  found->configured |= message.configured != 0;
  for (const Prefix& prefix : message.prefixes) {
    if (prefix != Prefix{}) note(found->prefixes, prefix, Router::kMostShown);
  }
  for (const Address& resolver : message.resolvers) {
    if (resolver != Address{}) note(found->resolvers, resolver, Router::kMostShown);
  }
  return &*found;
}

RogueRa::Global::Change RogueRa::Global::changed(const Router& router, std::span<const Router* const> rivals) {
  const auto tells_others = [&](auto Router::*list) {
    return std::ranges::any_of(router.*list, [&](const auto& told) {
      return std::ranges::none_of(rivals, [&](const Router* rival) { return holds(rival->*list, told); });
    });
  };
  const bool serves = router.served.ns > 0;
  // Without a lifetime it is no default router, as those of networks behind it are (RFC 4191 section 2.3).
  return {.prefix = serves && tells_others(&Router::prefixes),
          .resolver = tells_others(&Router::resolvers),
          .preference =
              serves &&
              std::ranges::all_of(rivals, [&](const Router* rival) { return rival->preference < router.preference; }),
          .configured = router.configured && std::ranges::none_of(rivals, &Router::configured)};
}

void RogueRa::Global::judge(uint16_t vlan, const Lan& lan, const Router& router, Findings& findings) const {
  std::vector<const Router*> rivals;
  for (const Router& of : lan.members) {
    if (of.known && of.last >= router.first && of.last.ns - router.last.ns <= window() &&
        router.last.ns - of.last.ns <= window()) {
      rivals.push_back(&of);
    }
  }
  if (rivals.empty()) return;
  Timestamp time = router.last;
  for (const Router* rival : rivals) time = std::max(time, rival->last);
  const Change change = router.known ? Change() : changed(router, rivals);
  const bool settled =
      router.first.ns - lan.first.ns >= static_cast<int64_t>(std::min<uint64_t>(config_.settled, kMemory)) * kSecond;
  // Under a known name from another station only what it says can tell: bridges have many stations.
  const bool same_name =
      std::ranges::any_of(rivals, [&](const Router* rival) { return rival->address == router.address; });
  const bool added = !router.known && settled && !same_name && router.served.ns > 0;
  const bool ends = router.ended > 1 || router.refuted;
  if (of_redundant_routers(router.station) || !(change.any() || ends || added)) return;

  unsigned confidence = 30;
  if (change.preference) confidence += 15;
  if (change.prefix) confidence += 30;
  if (change.resolver) confidence += 30;
  if (change.configured) confidence += 15;
  if (ends) confidence += 45;
  if (settled) confidence += 15;
  if (router.seconds > 1) confidence += 5;
  const IpAddress address = IpAddress::v6(router.address.data());
  struct {
    Address address;
    Station station;
    uint16_t vlan;
  } const key{router.address, router.station, vlan};
  Report report{.key = hash_of(key, kReplaySeed),
                .subject = router.station == Station{} ? to_string(address) : to_hex(router.station, ':'),
                .severity = 80,
                .confidence = static_cast<uint8_t>(std::min(95U, confidence)),
                .time = time,
                .first = router.first,
                .last = router.last,
                .count = router.count,
                .src = address,
                .dest = IpAddress::v6(rivals.front()->address.data())};
  for (const Router* rival : rivals) note(report.objects, to_string(IpAddress::v6(rival->address.data())), Lan::kMost);
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("router", address).member("advertisements", router.count).member("lifetime_s", router.lifetime);
    json.member("ended", router.ended);
    json.member("other_prefix", change.prefix).member("other_resolver", change.resolver);
    json.member("higher_preference", change.preference).member("other_configuration", change.configured);
    json.begin_array("prefixes");
    for (const Prefix& prefix : router.prefixes) {
      json.value(to_string(IpAddress::v6(prefix.data())) + "/" + std::to_string(prefix.back()));
    }
    json.end_array();
    json.begin_array("resolvers");
    for (const Address& resolver : router.resolvers) json.value(IpAddress::v6(resolver.data()));
    json.end_array();
    uint32_t heard = 0;
    for (const Router* rival : rivals) heard = std::max(heard, rival->seconds);
    json.member("others_heard", heard).member("heard_needed", config_.advertisements);
    json.member("settled_s", config_.settled).member("vlan", vlan);
  });
}

void RogueRa::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  lans_.expire(static_cast<uint32_t>(second - kMemory));
}

StateUse RogueRa::Global::use() const {
  StateUse out = lans_.use();
  out.overflow = overflow_;
  return out;
}

}  // namespace lapwing::analytics
