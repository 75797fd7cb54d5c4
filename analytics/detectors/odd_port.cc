#include "analytics/detectors/odd_port.h"

#include <algorithm>
#include <bit>
#include <string>

#include "analytics/shape/few.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = OddPort::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.odd-port.unknown", &C::unknown, "4kb",
     "of payload each way within a minute or a flow, from which on a protocol that is unknown counts", Unit::bytes},
};

// Protocols by number.
constexpr std::string_view kSpoken[] = {"ftp",  "ssh",  "telnet", "smtp", "dns", "http",
                                        "pop3", "imap", "tls",    "smb",  "rdp"};
constexpr uint8_t kUnknown = 255;
constexpr uint32_t kMemory = 86'400;  // seconds

/// Whose port it is (IANA, "Service Name and Transport Protocol Port Number Registry"), and what belongs there as well:
/// most protocols of mail and files go over to TLS.
struct Owner {
  uint16_t port = 0;
  std::string_view protocol, also;

  constexpr bool operator==(const Owner& other) const { return port == other.port; }
};
constexpr uint8_t trace_of(const Owner& owner) {
  return analytics::trace_of(owner.port);
}
constexpr Few kOwners(std::to_array<Owner>({
    {21, "ftp", "tls"},
    {22, "ssh", ""},
    {23, "telnet", ""},
    {25, "smtp", "tls"},
    {53, "dns", ""},
    {80, "http", ""},
    {110, "pop3", "tls"},
    {143, "imap", "tls"},
    {443, "tls", ""},
    {465, "tls", "smtp"},
    {587, "smtp", "tls"},
    {853, "tls", "dns"},
    {993, "tls", "imap"},
    {995, "tls", "pop3"},
    {389, "ldap", "tls"},
    {445, "smb", ""},
    {3389, "rdp", "tls"},
}));
/// Where nothing but its own protocol gets through, so that tunnels choose it.
constexpr uint16_t kPassages[] = {22, 53, 80, 443};

/// Null: it is nobody's.
const Owner* owner_of(uint16_t port) {
  return kOwners.find({port, {}, {}});
}

}  // namespace

std::span<const OptionRow<OddPort::Config>> OddPort::options() {
  return kOptions;
}

void OddPort::Use::merge(const Use& other) {
  connections += other.connections;
  bytes_out += other.bytes_out;
  bytes_in += other.bytes_in;
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  if (other.flow < flow) {
    flow = other.flow;
    client_port = other.client_port;
  }
}

OddPort::Local::Local(const Config& config, const Surroundings& surroundings)
    : config_(config), seed_(surroundings.hash_seed) {}

void OddPort::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const Owner* owner = owner_of(flow.server_port);
  if (!owner || (flow.proto != 6 && flow.proto != 17)) return;
  uint8_t spoken = kUnknown;
  if (update.moment == FlowMoment::identified) {
    if (flow.protocol == owner->protocol || flow.protocol == owner->also) return;
    const auto known = std::ranges::find(kSpoken, flow.protocol);
    if (known == std::end(kSpoken)) return;
    spoken = static_cast<uint8_t>(known - std::begin(kSpoken));
  } else {
    if (std::ranges::min(update.bytes) < config_.unknown) return;
    // QUIC is not told by its name.
    const bool unknown = flow.protocol.empty() || flow.protocol == "failed";
    // nDPI takes whatever comes on port 53 for DNS.
    const bool named = !flow.application.empty() && !(flow.server_port == 53 && flow.application == "DNS");
    if (!unknown || flow.proto != 6 || named || flow.midstream || flow.one_sided) return;
    if (std::ranges::find(kPassages, flow.server_port) == std::end(kPassages)) return;
  }
  if (delta.services.bytes() == 0) delta.services = DeltaTable<Service, Use>(seed_, Delta::kMostServices);
  delta.services.at({flow.client, flow.server, flow.server_port, flow.proto, spoken})
      .merge({.connections = 1,
              .bytes_out = update.bytes[0],
              .bytes_in = update.bytes[1],
              .first = update.time.ns,
              .last = update.time.ns,
              .flow = flow.id,
              .client_port = flow.client_port});
}

OddPort::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config), services_(surroundings.part(kMostServices), surroundings.hash_seed) {}

void OddPort::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.services.overflowed();
  delta.services.walk([&](const Service& service, const Use& use) {
    auto& entry = services_.touch(service, now);
    entry.value.merge(use);
    services_.set_worth(entry, static_cast<uint8_t>(std::bit_width(entry.value.connections)));
    report(service, entry.value, findings);
  });
}

void OddPort::Global::report(const Service& service, const Use& use, Findings& findings) const {
  const Owner* owner = owner_of(service.port);
  findings.report({.key = hash_of(service, kReplaySeed),
                   .subject = to_string(service.client),
                   .objects = {endpoint(service.server, service.port)},
                   .severity = 30,
                   .confidence = static_cast<uint8_t>(service.spoken == kUnknown ? 50 : 80),
                   .time = {use.last},
                   .first = {use.first},
                   .last = {use.last},
                   .count = use.connections,
                   .flows = {{use.flow, service.client, service.server, use.client_port, service.port, service.proto}},
                   .src = service.client,
                   .dest = service.server},
                  [&](JsonWriter& json) {
                    const bool unknown = service.spoken == kUnknown;
                    json.member("protocol", unknown ? std::string_view("unknown") : kSpoken[service.spoken]);
                    json.member("expected", owner ? owner->protocol : std::string_view());
                    json.member("port", service.port).member("connections", use.connections);
                    if (!unknown) return;
                    json.member("bytes_out", use.bytes_out).member("bytes_in", use.bytes_in);
                    json.member("bytes_needed", config_.unknown);
                  });
}

void OddPort::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  services_.expire(static_cast<uint32_t>(second - kMemory), [](const auto&) {});
}

StateUse OddPort::Global::use() const {
  return {.keys = services_.keys(), .bytes = services_.bytes(), .evicted = services_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
