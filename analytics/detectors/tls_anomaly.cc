#include "analytics/detectors/tls_anomaly.h"

#include <algorithm>
#include <bit>

#include "analytics/detectors/tls_traits.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using namespace tls_trait;
using C = TlsAnomaly::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.tls-anomaly.days", &C::days, "398",
     "days for which a certificate of a public authority may be valid, since September 2020"},
    {"analytics.tls-anomaly.traits", &C::traits, "3", "traits of one certificate that together are medium"},
    {"analytics.tls-anomaly.clients", &C::clients, "2",
     "clients of a server up to which it is rare, where ten or more hosts use TLS"},
    {"analytics.tls-anomaly.networks", &C::networks, "3",
     "networks (/16, of IPv6 /32) with one key, in certificates that nobody else vouches for, from which on it is "
     "shared"},
    {"analytics.tls-anomaly.known", &C::known, "20",
     "connections to a server by name, over a day, from which on a new pair of JA4 and JA3S is told"},
};

constexpr uint32_t kMemory = 7 * 86'400, kDay = 86'400, kManyHosts = 10, kMostPairs = 3;
/// Traits of servers inside, where appliances sign for themselves.
constexpr uint32_t kInside = expired | not_yet_valid | random_name | outdated;
/// Of certificates that nobody but their maker vouches for.
constexpr uint32_t kOwn = self_signed | random_name | address_name;
constexpr uint8_t kInfo = 15, kMedium = 55, kLow = 25;

uint64_t network_of(const IpAddress& address) {
  const size_t bytes = address.version == 4 ? 2 : 4;
  return keyed_hash({address.bytes.data(), bytes}, kReplaySeed);
}

uint32_t to_second(Second second) {
  return static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
}

}  // namespace

std::span<const OptionRow<C>> TlsAnomaly::options() {
  return kOptions;
}

void TlsAnomaly::Seen::merge(const Seen& other) {
  connections += other.connections;
  traits |= other.traits;
  key = std::max(key, other.key);
  clients.merge(other.clients);
  pairs.merge(other.pairs);
  subject.merge(other.subject);
  issuer.merge(other.issuer);
  sni.merge(other.sni);
  keep_first(first, flow, other.first, other.flow);
  last = std::max(last, other.last);
  began = std::min(began, other.began);
}

TlsAnomaly::Local::Local(const Config& config, const Surroundings& surroundings)
    : config_(config), seed_(surroundings.hash_seed), peers_(seed_) {}

uint64_t TlsAnomaly::Local::hash(std::string_view text) const {
  return text.empty() ? 0 : keyed_hash(to_bytes(text), seed_);
}

void TlsAnomaly::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  if (!observed.flow) return;
  const auto number = [&](FieldReader& field) {
    const auto value = field.first(observed);
    return value ? value->integer : 0;
  };
  const auto seconds = [&](FieldReader& field) -> uint64_t {
    const auto value = field.first(observed);
    return value ? std::max<uint64_t>(value->integer, 1) : 0;
  };
  const std::string sni = to_lower(sni_.text(observed));
  TlsShown shown{.time = observed.time, .version = static_cast<uint16_t>(number(version_)), .sni = sni};
  if (shown.version == 0) return;  // nobody has answered
  const std::string_view fingerprint = fingerprint_.text(observed);
  shown.certificate = !fingerprint.empty();
  if (shown.certificate) {
    shown.subject = subject_.text(observed);
    shown.issuer = issuer_.text(observed);
    shown.not_before = seconds(not_before_);
    shown.not_after = seconds(not_after_);
    shown.digest = digest_.text(observed);
    shown.rsa_bits = number(bits_);
    shown.self_issued = number(self_) != 0;
    shown.public_policy = number(policy_) != 0;
    names_.for_each(event, [&](const Value& name) {
      shown.owner = same_owner(to_text(name.bytes), sni);
      return !shown.owner;
    });
  }
  FlowRef named = *observed.flow;
  named.host = sni;
  Seen& seen = delta.seen.at(
      {.peer = peers_.of(named).key, .server = named.server, .certificate = hash(fingerprint), .name = hash(sni)});
  Seen one{.connections = 1, .traits = traits_of(shown, config_.days)};
  one.key = shown.public_policy ? 0 : hash(key_.text(observed));
  one.clients.add(keyed_hash(named.client.bytes, seed_));
  std::string ja4(ja4_.text(observed));
  const std::string_view ja3s = ja3s_.text(observed);
  if (!ja4.empty() && !ja3s.empty()) one.pairs.add(hash(ja4.append(ja3s)));
  if (!shown.subject.empty()) one.subject.add(hash(shown.subject), shown.subject);
  if (!shown.issuer.empty()) one.issuer.add(hash(shown.issuer), shown.issuer);
  if (!sni.empty()) one.sni.add(hash(sni), sni);
  one.first = one.last = observed.time;
  one.began = named.start;
  one.flow = name_of(named);
  seen.merge(one);
}

TlsAnomaly::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      peers_(kMostPeers, surroundings.hash_seed),
      keys_(kMostKeys, surroundings.hash_seed),
      names_(kMostNames, surroundings.hash_seed) {}

/// A key that comes with a tool is in many hands; those of a company that has many servers name it.
uint32_t TlsAnomaly::Global::shared_key(const Key& key, const Seen& seen, uint32_t now) {
  if (seen.key == 0 || !(seen.traits & kOwn)) return 0;
  auto& entry = keys_.touch(seen.key, now);
  entry.value.add(network_of(key.server));
  return entry.value.count() >= config_.networks ? tls_trait::shared_key : 0;
}

/// A name behind which the same few greetings were seen for a day has another.
uint32_t TlsAnomaly::Global::new_pair(const Key& key, const Seen& seen, uint32_t now) {
  if (key.name == 0 || seen.pairs.empty()) return 0;
  auto& entry = names_.touch(key.name, now);
  Name& name = entry.value;
  if (name.connections == 0) name.first = now;
  const bool known = name.connections >= config_.known && now - std::min(now, name.first) >= kDay;
  const uint32_t before = name.pairs.count();
  name.pairs.merge(seen.pairs);
  name.connections += seen.connections;
  names_.set_worth(entry, static_cast<uint8_t>(std::bit_width(name.connections)));
  return known && before <= kMostPairs && name.pairs.count() > before ? tls_trait::new_pair : 0;
}

bool TlsAnomaly::Global::rare(const State& state) const {
  return active_.count() < kManyHosts || state.clients.count() <= config_.clients;
}

void TlsAnomaly::Global::take(Second second, Delta& delta, Findings& findings) {
  const uint32_t now = to_second(second);
  overflow_ += delta.seen.overflowed();
  delta.seen.walk([&](const Key&, const Seen& seen) { active_.add(keyed_hash(seen.flow.client.bytes, kReplaySeed)); });
  delta.seen.walk([&](const Key& key, const Seen& seen) {
    const bool inside = surroundings_.inside(key.server);
    uint32_t traits = seen.traits;
    if (inside) traits &= seen.traits & self_signed ? 0 : kInside;
    if (!inside) traits |= shared_key(key, seen, now) | new_pair(key, seen, now);
    // A fresh certificate by itself is an everyday thing, but where few go.
    if (traits == young && active_.count() < kManyHosts) traits = 0;
    auto* entry = traits ? &peers_.touch(key.peer, now) : peers_.find(key.peer);
    if (!entry) return;
    State& state = entry->value;
    state.connections += seen.connections;
    state.traits |= traits;
    state.clients.merge(seen.clients);
    state.first = std::min(state.first, seen.first);
    state.last = std::max(state.last, seen.last);
    if (state.rhythm.add(seen.began, 0, 0)) state.rhythmic |= state.rhythm.settle();
    if (traits) {
      state.subject.merge(seen.subject);
      state.issuer.merge(seen.issuer);
      state.sni.merge(seen.sni);
      keep_first(state.flow_time, state.flow, seen.first, seen.flow);
      const auto slot = std::ranges::find_if(
          state.certificates, [&](const auto& of) { return of.second == 0 || of.first == key.certificate; });
      if (slot != state.certificates.end()) *slot = {key.certificate, slot->second | traits};
    }
    peers_.set_worth(*entry, static_cast<uint8_t>(count_traits(state.traits)));
    report(key, state, seen.last, findings);
  });
}

void TlsAnomaly::Global::report(const Key& key, const State& state, Timestamp time, Findings& findings) const {
  const bool inside = surroundings_.inside(state.flow.server), rare = this->rare(state);
  const bool many = active_.count() >= kManyHosts;
  // What many use is how it is here.
  const uint32_t counted = rare ? UINT32_MAX : ~(self_signed | young | address_name);
  const uint32_t traits = state.traits & counted;
  if (traits == 0) return;
  unsigned most = 0, severity = 0;
  for (const auto& [certificate, of] : state.certificates) most = std::max(most, count_traits(of & counted));
  for (const TlsTraitRow& row : tls_traits()) {
    if (traits & row.bit) severity = std::max<unsigned>(severity, row.severity);
  }
  const bool medium = !inside && (most >= config_.traits || (state.rhythmic && severity >= kLow));
  severity = inside ? kInfo : medium ? kMedium : severity + (most > 1 ? 5 : 0);
  findings.report({.key = hash_of(key.peer, kReplaySeed),
                   .subject = to_string(state.flow.client),
                   .objects = {endpoint(state.flow.server, state.flow.server_port)},
                   .severity = static_cast<uint8_t>(severity),
                   .confidence = static_cast<uint8_t>(many && rare ? 82 : 75),
                   .techniques = state.traits & kOwn ? 0b11U : 0b1U,
                   .time = time,
                   .first = state.first,
                   .last = state.last,
                   .count = state.connections,
                   .flows = {state.flow}},
                  [&](JsonWriter& json) {
                    json.begin_array("traits");
                    for (const TlsTraitRow& row : tls_traits()) {
                      if (traits & row.bit) json.value(row.name);
                    }
                    json.end_array();
                    json.member("traits_together", most).member("traits_needed", config_.traits);
                    json.member("connections", state.connections).member("clients", state.clients.count());
                    json.member("rare", rare).member("rhythm", state.rhythmic);
                    state.sni.walk([&](std::string_view text) { json.member("sni", text); });
                    state.subject.walk([&](std::string_view text) { json.member("certificate", text); });
                    state.issuer.walk([&](std::string_view text) { json.member("issuer", text); });
                  });
}

void TlsAnomaly::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  const uint32_t before = to_second(second - kMemory);
  peers_.expire(before, [](const auto&) {});
  keys_.expire(before, [](const auto&) {});
  names_.expire(before, [](const auto&) {});
}

StateUse TlsAnomaly::Global::use() const {
  return {.keys = uint64_t{peers_.keys()} + keys_.keys() + names_.keys(),
          .bytes = peers_.bytes() + keys_.bytes() + names_.bytes(),
          .evicted = peers_.evicted() + keys_.evicted() + names_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
