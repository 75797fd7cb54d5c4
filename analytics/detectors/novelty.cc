#include "analytics/detectors/novelty.h"

#include <algorithm>
#include <cstring>

#include "sensor/base/domain.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr uint8_t kTcp = 6, kUdp = 17;
constexpr uint16_t kDynamic = 32'768;  // Linux gives clients ports from here on, others from later ones
constexpr uint16_t kHttps = 443;

/// As records or nDPI name it, in lower case; WinRM is told by its ports.
constexpr std::string_view kAdministration[] = {"ssh",    "telnet", "rdp",    "vnc", "smbv1",
                                                "smbv23", "smb",    "dcerpc", "rsh", "x11"};
constexpr uint16_t kWinRm[] = {5985, 5986};

/// Of Chromium's list of resolvers (net/dns/public/doh_provider_entry.cc), and below them.
constexpr std::string_view kDoh[] = {"cloudflare-dns.com",
                                     "one.one.one.one",
                                     "dns.google",
                                     "dns.google.com",
                                     "8888.google",
                                     "dns.quad9.net",
                                     "dns9.quad9.net",
                                     "dns10.quad9.net",
                                     "dns11.quad9.net",
                                     "doh.opendns.com",
                                     "doh.familyshield.opendns.com",
                                     "doh.cleanbrowsing.org",
                                     "dns.nextdns.io",
                                     "doh.dns.sb",
                                     "odvr.nic.cz",
                                     "protective.joindns4.eu",
                                     "public.dns.iij.jp",
                                     "dns.levonet.sk",
                                     "doh.xfinity.com",
                                     "doh.cox.net",
                                     "doh.quickline.ch",
                                     "doh-01.spectrum.com",
                                     "doh-02.spectrum.com"};

/// Of the application layer, as the sensor or else nDPI knows it; empty: neither does.
std::string service_of(const FlowRef& flow) {
  if (!flow.protocol.empty() && flow.protocol != "failed") return std::string(flow.protocol);
  return to_lower(flow.application.substr(0, flow.application.find('.')));
}

bool administers(std::string_view service, uint16_t port) {
  return std::ranges::find(kAdministration, service) != std::end(kAdministration) ||
         std::ranges::find(kWinRm, port) != std::end(kWinRm);
}

uint32_t half(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32);
}

}  // namespace

bool is_doh_resolver(std::string_view name) {
  return std::ranges::any_of(kDoh, [&](std::string_view known) {
    return name.ends_with(known) && (name.size() == known.size() || name[name.size() - known.size() - 1] == '.');
  });
}

void Novelties::Seen::merge(const Seen& other) {
  novelty.merge(other.novelty);
  least_peer = std::min(least_peer, other.least_peer);
  most_peer = std::max(most_peer, other.most_peer);
}

void Novelties::Sight::merge(const Sight& other) {
  seen.merge(other.seen);
  keep_first(first, flow, other.first, other.flow);
  text = std::max(text, other.text);
}

void Novelties::Delta::operator+=(Delta&& other) {
  values.merge(other.values);
  hosts.merge(other.hosts);
}

uint64_t Novelties::Local::hash(std::string_view text) const {
  return keyed_hash(to_bytes(text), surroundings_.hash_seed);
}

uint64_t Novelties::Local::hash(const IpAddress& address) const {
  return hash_of(address, surroundings_.hash_seed);
}

void Novelties::Local::begin(Delta& delta) {
  if (delta.values.bytes() != 0) return;
  delta.values = DeltaTable<Value, Sight>(surroundings_.hash_seed, Delta::kMostValues);
  ++generation_;
}

/// Whether the delta has it: to add it once more would change nothing.
bool Novelties::Local::repeats(uint64_t what, Timestamp time) {
  Remembered& known = remembered_[what % kRemembered];
  if (known.hash == what && known.generation == generation_ && known.time < time &&
      known.time.seconds() == time.seconds()) {
    return true;
  }
  known = {what, generation_, time};
  return false;
}

void Novelties::Local::add(Delta& delta, const Facts& facts, Timestamp time, const FlowRef& flow) const {
  Value value{.kind = facts.kind};
  std::memcpy(value.hash.data(), &facts.value, sizeof facts.value);
  Sight& sight = delta.values.at(value);
  if (sight.text[0] == '\0') {
    std::copy_n(facts.text.begin(), std::min(Sight::kText, facts.text.size()), sight.text.begin());
  }
  const auto second = static_cast<uint32_t>(std::clamp<int64_t>(time.seconds(), 0, UINT32_MAX));
  sight.seen.novelty.add(facts.host, second);
  sight.seen.least_peer = std::min(sight.seen.least_peer, half(facts.peer));
  sight.seen.most_peer = std::max(sight.seen.most_peer, half(facts.peer));
  keep_first(sight.first, sight.flow, time, name_of(flow));
}

/// Of a server outside, as a client inside calls it.
void Novelties::Local::add_name(Delta& delta, std::string_view host, Timestamp time, const FlowRef& flow) const {
  const std::string name = to_lower(host);
  if (name.empty() || IpAddress::parse(name)) return;
  const uint64_t client = hash(flow.client);
  const std::string_view registrable = registrable_domain(name);
  if (!registrable.empty()) {
    add(delta, {Kind::name, hash(registrable), client, hash(registrable), registrable}, time, flow);
  }
  if (is_doh_resolver(name)) add(delta, {Kind::doh, client, client, hash(name), name}, time, flow);
}

void Novelties::Local::add_service(Delta& delta, Timestamp time, const FlowRef& flow) {
  const std::string service = service_of(flow);
  if (service.empty()) return;
  const uint64_t client = hash(flow.client), server = hash(flow.server), spoken = hash(service);
  const uint64_t kinds[] = {client, server, spoken, uint64_t{flow.server_port} << 8 | flow.proto};
  const auto hash_of = [&](size_t from) {
    return keyed_hash({reinterpret_cast<const uint8_t*>(&kinds[from]), sizeof kinds - from * sizeof client},
                      surroundings_.hash_seed);
  };
  if (repeats(hash_of(0), time)) return;
  add(delta, {Kind::serving, server, client, client}, time, flow);
  add(delta, {Kind::service, hash_of(1), client, server, service}, time, flow);
  delta.hosts.add(server);
  if (!surroundings_.inside(flow.client)) return;
  delta.hosts.add(client);
  if (!administers(service, flow.server_port)) return;
  add(delta, {Kind::admin, client, server, server}, time, flow);
  add(delta, {Kind::edge, hash_of(0), client, server, service}, time, flow);
}

/// Streams are known to be answered when they are identified, datagrams at the end.
void Novelties::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const uint8_t told_then = update.moment == FlowMoment::identified ? kTcp : kUdp;
  if (flow.proto != told_then || flow.midstream || flow.one_sided || update.all_packets[1] == 0) return;
  const bool called = flow.proto == kUdp && flow.server_port == kHttps && !flow.host.empty();  // QUIC
  if (flow.server_port >= kDynamic || to_many(flow.server)) return;
  if (surroundings_.inside(flow.server)) {
    begin(delta);
    add_service(delta, update.time, flow);
  } else if (called && surroundings_.inside(flow.client)) {
    begin(delta);
    if (!repeats(hash(flow.client) ^ hash(flow.host), update.time)) add_name(delta, flow.host, update.time, flow);
  }
}

void Novelties::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  // What a transaction says is final when its record is due.
  if (!observed.flow || event.record != event.protocol->records.data() || !surroundings_.inside(observed.src)) return;
  const FlowRef& flow = *observed.flow;
  uint64_t ends = 0, client = 0, peer = 0;
  for (Source& source : sources_) {
    if (source.protocol != event.protocol->name) continue;
    const std::string_view text = source.reader.text(observed);
    if (text.empty()) continue;
    begin(delta);
    const uint64_t value = hash(text);
    if (ends == 0) {
      client = hash(flow.client);
      const uint64_t parts[] = {client, hash(flow.server), hash(flow.host)};
      ends = keyed_hash({reinterpret_cast<const uint8_t*>(parts), sizeof parts}, surroundings_.hash_seed);
      delta.hosts.add(client);
    }
    if (repeats(value ^ ends ^ static_cast<uint64_t>(source.kind), observed.time)) continue;
    if (source.kind == Kind::name) {
      if (!surroundings_.inside(flow.server)) add_name(delta, text, observed.time, flow);
      continue;
    }
    if (peer == 0) peer = hash(peers_.of(flow).key);
    add(delta, {source.kind, value, client, peer, text}, observed.time, flow);
  }
}

}  // namespace lapwing::analytics
