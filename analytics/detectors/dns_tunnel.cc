#include "analytics/detectors/dns_tunnel.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include "analytics/shape/bits.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr uint32_t kByteUp = 8 * kBit, kByteDown = 8;  // in the units of what is summed up
constexpr size_t kLongName = 60;                       // characters: of a name that is looked at whatever its domain
constexpr size_t kLongDomain = 30;                     // of a domain that is, where it exists
constexpr uint8_t kNxdomain = 3;
// What a look-up tells who answers: which thing one has, but nothing that one could choose.
constexpr uint32_t kLookUp = 64;  // look-ups that weigh as much as one name
// Keys and proofs are as random as data, but few, and who asks for them believes what they are.
constexpr uint32_t kPolicy = 8;  // of which so many weigh as much as one name and its data

using C = DnsTunnel::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.dns-tunnel.bytes-up", &C::bytes_up, "1 KiB",
     "information in new names under a domain, of a host in an hour, that make a tunnel; half of it where types, "
     "length or randomness of the names are those of one",
     Unit::bytes},
    {"analytics.dns-tunnel.bytes-down", &C::bytes_down, "2 KiB",
     "new data of TXT, NULL, KEY and private types that is answered to a host in an hour under a domain; CNAME, MX, "
     "SRV "
     "and HTTPS weigh an eighth",
     Unit::bytes},
    {"analytics.dns-tunnel.bytes-a-day", &C::bytes_a_day, "4 KiB",
     "information in new names in a day, where types, length or randomness are those of a tunnel", Unit::bytes},
    {"analytics.dns-tunnel.queries", &C::queries, "20", "answered queries in an hour below which nothing is judged"},
    {"analytics.dns-tunnel.known", &C::known,
     "mcafee.com, sophosxl.net, e5.sk, trendmicro.com, webcfs00.com, spamhaus.org, spamhaus.net, surbl.org, "
     "uribl.com, "
     "barracudacentral.org, spamcop.net, sorbs.net, dnswl.org, senderscore.com, mailspike.net, cymru.com, abuseat.org, "
     "footprintdns.com, akstat.io, cedexis-radar.net",
     "domains whose names are meant to carry data: reputation services and measurements"},
};

using N = DnsTunnel::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.dns-tunnel.answers_max", &N::answers_max,
     "answers of a message that are not looked at: it has 64 others before them", CounterKind::loss},
};

/// How what a record carries weighs in 1/8 byte.
uint32_t weight_of(uint64_t type) {
  switch (type) {
    case 10:  // NULL (RFC 1035 3.3.10)
    case 16:  // TXT
    case 25:  // KEY (RFC 2535 3)
      return kByteDown;
    case 5:   // CNAME
    case 15:  // MX
    case 33:  // SRV
    case 64:  // SVCB
    case 65:  // HTTPS
      return kByteDown / 8;
    default: return type >= 65280 && type <= 65534 ? kByteDown : 0;  // private use (RFC 6895 3.1)
  }
}
bool is_text(uint64_t type) {
  return type == 16;
}
bool is_telling(uint64_t type) {
  return weight_of(type) != 0 && type != 64 && type != 65;
}

/// Whether it is in 127.0.0.0/8, but not the address that lists refuse with and others mean themselves by.
bool is_listed(uint64_t type, Bytes address) {
  constexpr uint8_t kOnes[] = {127, 0, 0, 1};
  return type == 1 && address.size() == sizeof kOnes && address[0] == kOnes[0] &&
         !std::equal(address.begin(), address.end(), std::begin(kOnes));
}

template <size_t N>
void put(std::array<char, N>& out, std::string_view text) {
  std::copy_n(text.begin(), std::min(N, text.size()), out.begin());
}
template <size_t N>
std::string_view text_of(const std::array<char, N>& text) {
  return {text.data(), static_cast<size_t>(std::find(text.begin(), text.end(), '\0') - text.begin())};
}

template <class T>
T less_part(T value, T part) {
  return value - (value + part - 1) / part;
}

struct Weights {
  std::array<uint32_t, 256> of{};  // n log2 n in 1/16 bit
  constexpr Weights() {
    for (uint32_t n = 1; n < of.size(); ++n) {
      // With four more digits of the logarithm: that of n^16 is 16 times as large.
      uint64_t power = n;
      uint32_t scale = 1;
      while (power < (uint64_t{1} << 24) && scale < 16) {
        power *= power;
        scale *= 2;
      }
      of[n] = n * static_cast<uint32_t>(log2_sixteenths(power)) / scale;
    }
  }
};
constexpr Weights kWeights;

}  // namespace

uint32_t information(std::string_view text) {
  constexpr uint32_t kUnseen = 12;  // 1 / (2 ln 2) in 1/16 bit
  text = text.substr(0, 255);
  std::array<uint8_t, 256> counts{};
  uint32_t size = 0, kinds = 0;
  for (char c : text) {
    if (c == '.') continue;
    ++size;
    kinds += counts[static_cast<uint8_t>(c)]++ == 0;
  }
  if (kinds < 2) return 0;
  uint32_t bits = kWeights.of[size];
  for (char c : text) {
    if (c == '.') continue;
    bits -= std::min(bits, kWeights.of[counts[static_cast<uint8_t>(c)]]);
    counts[static_cast<uint8_t>(c)] = 0;
  }
  return std::min(bits + (kinds - 1) * kUnseen, size * kByteUp);
}

std::span<const OptionRow<C>> DnsTunnel::options() {
  return kOptions;
}

std::span<const CounterRow<DnsTunnel::Counters>> DnsTunnel::counter_rows() {
  return kCounters;
}

void DnsTunnel::Seen::merge(const Seen& other) {
  names.merge(other.names);
  data.merge(other.data);
  queries += other.queries;
  failed += other.failed;
  telling += other.telling;
  listed += other.listed;
  characters += other.characters;
  bits += other.bits;
  beyond += other.beyond;
  keep_first(first, flow, other.first, other.flow);
  last = std::max(last, other.last);
  samples.merge(other.samples);
  domain = std::max(domain, other.domain);
}

DnsTunnel::Local::Answered DnsTunnel::Local::answered(const Event& event) {
  constexpr size_t kMost = 64;  // answers of a message that are looked at
  std::array<uint16_t, kMost> types{};
  size_t count = 0, at = 0;
  Answered out;
  types_.for_each(event, [&](const Value& value) {
    if (count == kMost) {
      ++out.beyond;
    } else {
      types[count++] = static_cast<uint16_t>(value.integer);
    }
    return true;
  });
  uint64_t weight = 0;
  data_.for_each(event, [&](const Value& value) {
    if (at == count) return false;
    const uint16_t type = types[at++];
    const uint32_t each = weight_of(type);
    out.listed = out.listed || is_listed(type, value.bytes);
    if (each == 0) return true;
    // Servers turn their answers round: the sum is the same.
    out.hash += keyed_hash(value.bytes, seed_ + type);
    weight += each * value.bytes.size();
    return true;
  });
  out.weight = static_cast<uint16_t>(std::min<uint64_t>(weight, std::numeric_limits<uint16_t>::max()));
  return out;
}

DnsTunnel::Key DnsTunnel::Local::key(const IpAddress& client, uint64_t group) const {
  Key out{client};
  std::memcpy(out.group.data(), &group, sizeof group);
  return out;
}

/// Who calls a server by a name wanted to know where it is, and said nothing by asking.
void DnsTunnel::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  if (flow.host.empty() || flow.protocol == "dns" || !surroundings_.inside(flow.client)) return;
  std::array<char, 255> text{};  // RFC 1035 2.3.4
  if (flow.host.size() > text.size()) return;
  std::transform(flow.host.begin(), flow.host.end(), text.begin(),
                 [](char c) { return static_cast<char>(lower(static_cast<uint8_t>(c))); });
  const std::string_view name(text.data(), flow.host.size()), domain = responses_.domain_of(name);
  if (domain.size() < name.size()) delta.called.at(key(flow.client, hash(domain))).names.add(hash(name));
}

void DnsTunnel::Local::event(const Observed& observed, Delta& delta) {
  const DnsResponse* response = responses_.read(observed);
  if (!response) return;
  const Answered answer = answered(observed.event);
  const uint64_t name = hash(response->name), domain = hash(response->domain);
  const bool denied = response->rcode == kNxdomain;
  constexpr uint32_t kShort = 32 * kByteDown;
  const bool verdict = denied || answer.listed || (answer.weight > 0 && answer.weight <= kShort);
  // Text that is written in digits has fewer kinds of them than a digest.
  constexpr uint32_t kDigest = 58;  // in 1/16 bit a character: of 32, one digest in a thousand has less
  const auto digest = [](std::string_view labels) {
    return names_digest(labels) && information(labels) >= kDigest * labels.size();
  };
  const bool look_up =
      (verdict && digest(response->labels)) || (denied && names_elsewhere(response->labels, response->domain));
  const bool policy = is_text(response->type) && names_policy(response->labels);
  const uint32_t part = look_up ? kLookUp : policy ? kPolicy : 1;
  const auto note = [&](uint64_t group, std::string_view text, uint64_t value, uint64_t data) -> Seen& {
    Seen& seen = delta.seen.at(key(response->client, group));
    const uint32_t bits = information(text) / part;
    seen.names.add(value, static_cast<uint16_t>(bits));
    if (answer.weight > 0) seen.data.add(data, static_cast<uint16_t>(policy ? answer.weight / kPolicy : answer.weight));
    ++seen.queries;
    seen.failed += denied;
    seen.listed += answer.listed;
    seen.telling += is_telling(response->type);
    seen.characters += look_up ? 0 : text.size();
    seen.bits += look_up ? 0 : bits;
    keep_first(seen.first, seen.flow, observed.time, name_of(*observed.flow));
    seen.last = std::max(seen.last, observed.time);
    seen.samples.add(name, response->name);
    return seen;
  };
  Seen& seen = note(domain, response->labels, name, answer.hash);
  put(seen.domain, response->domain);
  seen.beyond += answer.beyond;
  // By their domains: names under one say no more here than its first.
  const bool long_domain = response->domain.size() >= kLongDomain && response->rcode != kNxdomain;
  if (response->name.size() >= kLongName || long_domain)
    note(hash(to_string(response->server)), response->name, domain, domain);
}

uint64_t DnsTunnel::Local::hash(std::string_view text) const {
  return keyed_hash(to_bytes(text), seed_);
}

DnsTunnel::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      seed_(surroundings.hash_seed),
      states_(surroundings.part(65'536), seed_),
      users_(surroundings.part(16'384), seed_),
      servers_(surroundings.part(4'096), seed_) {}

struct DnsTunnel::Global::Verdict {
  uint64_t up = 0, down = 0;   // limits, in units of sums
  uint64_t hour = 0, day = 0;  // up, of names that no server was called by
  bool by_up = false, by_down = false, by_day = false;
  uint32_t marks = 0, hosts = 0;
  uint8_t confidence = 0;
};

void DnsTunnel::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflowed_ += delta.seen.overflowed() + delta.called.overflowed();
  delta.called.walk([&](const Key& key, const Called& called) {
    if (auto* entry = states_.find(key)) entry->value.called.merge(called.names);
  });
  delta.seen.walk([&](const Key& key, const Seen& seen) {
    counters_.answers_max += seen.beyond;
    const uint64_t client = hash_of(key.client, seed_);
    active_.add(client);
    servers_.touch(seen.flow.server, now).value.add(client);
    States::Entry& entry = states_.touch(key, now);
    State& state = entry.value;
    add(seen, state, now);
    states_.set_worth(entry, static_cast<uint8_t>(std::min<uint64_t>(
                                 15, std::bit_width(state.hour.up / kByteUp + state.hour.down / kByteDown))));
    const std::string_view domain = text_of(seen.domain);
    const Verdict verdict = judge(entry, client, now);
    constexpr uint8_t kSure = 50;
    if (verdict.confidence >= kSure && !is_known(domain)) report(key, state, seen, verdict, findings);
  });
}

void DnsTunnel::Global::add(const Seen& seen, State& state, uint32_t second) const {
  constexpr uint32_t kTen = 600, kTens = 6, kHours = 24;
  if (state.asked == 0) {
    state.first = seen.first;
    state.tens = second / kTen;
  }
  Sums& hour = state.hour;
  for (; state.tens < second / kTen; ++state.tens) {
    for (uint32_t* sum : {&hour.queries, &hour.failed, &hour.telling, &hour.listed, &hour.characters})
      *sum = less_part(*sum, kTens);
    for (uint64_t* sum : {&hour.bits, &hour.up, &hour.down}) *sum = less_part<uint64_t>(*sum, kTens);
    if (state.tens % kTens == 0) state.day = less_part<uint64_t>(state.day, kHours);
    if (state.day == 0 && hour.queries == 0) state.tens = second / kTen - 1;
  }
  const uint32_t names = state.names.count(), data = state.data.count();
  state.names.merge(seen.names.distinct());
  state.data.merge(seen.data.distinct());
  const uint64_t up = seen.names.sum_of(state.names.count() - names);
  const auto plus = [](uint32_t& sum, uint64_t more) {
    sum = static_cast<uint32_t>(std::min<uint64_t>(sum + more, std::numeric_limits<uint32_t>::max()));
  };
  plus(hour.queries, seen.queries);
  plus(hour.failed, seen.failed);
  plus(hour.telling, seen.telling);
  plus(hour.listed, seen.listed);
  plus(hour.characters, seen.characters);
  hour.bits += seen.bits;
  hour.up += up;
  hour.down += seen.data.sum_of(state.data.count() - data);
  state.day += up;
  state.asked += seen.queries;
}

/// Of what is in the names, that in those by which no server was called.
uint64_t DnsTunnel::Global::to_no_end(const State& state, uint64_t up) {
  const uint64_t names = std::max(1U, state.names.count()), called = std::min<uint64_t>(state.called.count(), names);
  return up * (names - called) / names;
}

DnsTunnel::Global::Verdict DnsTunnel::Global::judge(States::Entry& entry, uint64_t client, uint32_t now) {
  // What a server asks is asked by those whom it answers.
  constexpr uint32_t kServed = 3, kForMany = 8;
  // One host in ten or fewer is rare; how many use a service as it is meant to be.
  constexpr uint32_t kActive = 10, kFew = 2, kMany = 5;
  State& state = entry.value;
  const Sums& hour = state.hour;
  const auto* served = servers_.find(entry.key().client);
  const uint64_t queries = hour.queries;
  // Who owns a tunnel answers all of its names alike; a list knows some and denies the others.
  const bool list = hour.listed > 0 && 10 * (uint64_t{hour.listed} + hour.failed) >= 9 * queries;
  const uint32_t factor = list ? kLookUp : served && served->value.count() >= kServed ? kForMany : 1;

  const bool random = hour.characters >= 40 * queries && 10 * hour.bits >= 38 * kBit * uint64_t{hour.characters};
  Verdict out{.up = config_.bytes_up * kByteUp * factor,
              .down = config_.bytes_down * kByteDown * factor,
              .hour = to_no_end(state, hour.up),
              .day = to_no_end(state, state.day)};
  out.marks = (10 * uint64_t{hour.telling} >= 8 * queries) + random + (hour.characters >= kLongName * queries);
  const uint64_t an_eighth = out.up / 8;
  if (out.marks >= 2) out.up /= 2;
  out.by_up = queries >= config_.queries && out.hour >= out.up;
  out.by_down = queries >= config_.queries && hour.down >= out.down;
  out.by_day = state.asked >= config_.queries && out.marks > 0 && out.day >= config_.bytes_a_day * kByteUp * factor;

  std::array<uint8_t, 8> domain = entry.key().group;
  auto* users = users_.find(domain);
  if (!state.used && (out.hour >= an_eighth || hour.down >= out.down / 8)) {
    state.used = true;
    if (!users) users = &users_.touch(domain, now);
    users->value.add(client);
  }
  out.hosts = users ? users->value.count() : 0;
  if (!out.by_up && !out.by_down && !out.by_day) return out;
  // The most that it was: what a host did is not undone by what it does less of.
  const int32_t times = std::max(log2_sixteenths(out.hour) - log2_sixteenths(out.up),
                                 log2_sixteenths(hour.down) - log2_sixteenths(out.down)) /
                        kBit;
  if (out.by_up || out.by_down) {
    state.times = std::max(state.times, static_cast<uint8_t>(1 + std::clamp(times, 0, 3)));
  }
  int confidence = 50 + 10 * state.times;
  if (active_.count() >= kActive && out.hosts <= kFew) confidence += 10;
  if (out.hosts >= kMany) confidence -= 40;
  out.confidence = static_cast<uint8_t>(std::clamp(confidence, 0, 95));
  return out;
}

bool DnsTunnel::Global::is_known(std::string_view domain) const {
  return !domain.empty() && std::ranges::find(config_.known, domain) != config_.known.end();
}

void DnsTunnel::Global::report(const Key& key, const State& state, const Seen& seen, const Verdict& verdict,
                               Findings& findings) const {
  const Sums& hour = state.hour;
  const std::string_view domain = text_of(seen.domain);
  constexpr uint32_t kAsked = 1, kTunnel = 2, kOut = 4;  // bits of kTechniques
  Report out{.key = hash_of(key, kReplaySeed),
             .subject = to_string(key.client),
             .objects = {domain.empty() ? endpoint(seen.flow.server, seen.flow.server_port) : std::string(domain)},
             .severity = 80,
             .confidence = verdict.confidence,
             .techniques = kAsked | (verdict.hour / kByteUp > 4 * (hour.down / kByteDown) ? kOut : kTunnel),
             .time = seen.last,
             .first = state.first,
             .last = seen.last,
             .count = state.asked,
             .flows = {seen.flow}};
  findings.report(std::move(out), [&](JsonWriter& json) {
    const double characters = std::max(1U, hour.characters), queries = std::max(1U, hour.queries);
    json.member("names", state.names.count());
    json.member("queries", hour.queries).member("queries_needed", config_.queries);
    json.member("bytes_up", verdict.hour / kByteUp).member("bytes_up_needed", verdict.up / kByteUp);
    json.member("bytes_down", hour.down / kByteDown).member("bytes_down_needed", verdict.down / kByteDown);
    json.member("bytes_up_day", verdict.day / kByteUp).member("bytes_up_day_needed", config_.bytes_a_day);
    json.member("bits_per_character",
                static_cast<double>(hour.bits / kBit * 10 / static_cast<uint64_t>(characters)) / 10);
    json.member("name_length", static_cast<uint64_t>(characters / queries));
    json.member("telling_types_pct", uint64_t{hour.telling} * 100 / static_cast<uint64_t>(queries));
    json.member("nxdomain_pct", uint64_t{hour.failed} * 100 / static_cast<uint64_t>(queries));
    json.member("called", state.called.count()).member("hosts", verdict.hosts);
    json.begin_array("samples");
    seen.samples.walk([&](std::string_view name) { json.value(name); });
    json.end_array();
  });
}

void DnsTunnel::Global::expire(Second second, Findings&) {
  constexpr Second kDay = 86'400;
  const auto before = static_cast<uint32_t>(std::max<Second>(0, second - kDay));
  const auto forget = [](const auto&) {};
  states_.expire(before, forget);
  users_.expire(before, forget);
  servers_.expire(before, forget);
}

StateUse DnsTunnel::Global::use() const {
  return {.keys = uint64_t{states_.keys()} + users_.keys() + servers_.keys(),
          .bytes = states_.bytes() + users_.bytes() + servers_.bytes(),
          .evicted = states_.evicted() + users_.evicted() + servers_.evicted(),
          .overflow = overflowed_};
}

}  // namespace lapwing::analytics
