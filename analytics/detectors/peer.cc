#include "analytics/detectors/peer.h"

#include <cstring>

#include "analytics/shape/few.h"
#include "sensor/base/bytes.h"
#include "sensor/base/domain.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

Peer named(std::string_view host, uint64_t seed) {
  Peer out;
  if (const auto address = IpAddress::parse(host)) {
    out.key = *address;
    return out;
  }
  out.name = registrable_domain(to_lower(host));
  const uint64_t hash = keyed_hash(to_bytes(out.name), seed);
  std::memcpy(out.key.bytes.data(), &hash, sizeof hash);
  return out;
}

/// The last name of "TLS.Microsoft" tells most.
std::string_view last_name(std::string_view application) {
  return application.substr(application.rfind('.') + 1);
}

bool pushes(uint16_t port) {
  static constexpr auto kPushes = few<uint16_t>(5222, 5223, 5228, 5229, 5230, 8883);
  return kPushes.has(port);
}

/// Ports of UDP by which virtual private networks are kept open: IKE and its passage through NAT (RFC 3948
/// section 2.3), L2TP, Teredo, OpenVPN, WireGuard, Tailscale, ZeroTier. From the middle most of them look like nothing.
bool keeps_open(uint16_t port) {
  static constexpr auto kNetworks = few<uint16_t>(500, 1194, 1701, 3544, 4500, 9993, 41641, 51820);
  return kNetworks.has(port);
}

/// Not of the web alone, nor of who hosts the server.
bool of_its_own(std::string_view application) {
  static constexpr auto kAnybodys =
      few<std::string_view>("AmazonAWS", "Azure", "Cloudflare", "DTLS", "DigitalOcean", "GoogleCloud", "HTTP", "HTTP2",
                            "HTTP_Connect", "HTTP_Proxy", "Hetzner", "QUIC", "TLS", "Unknown", "WebSocket");
  const std::string_view last = last_name(application);
  return !last.empty() && !kAnybodys.has(last);
}

}  // namespace

const Peer& Peers::of(const FlowRef& flow) {
  if (!flow.host.empty()) {
    const uint64_t hash = keyed_hash(to_bytes(flow.host), seed_);
    Named& known = names_[hash % kNames];
    if (known.hash != hash) known = {hash, named(flow.host, seed_)};
    if (!known.peer.name.empty()) {
      if (flow.protocol != "dns") return known.peer;
      looked_up_ = known.peer;
      looked_up_.key.bytes[Peer::kLookUp] = 1;
      return looked_up_;
    }
    if (known.peer.key.version != 0 && by_proxy(flow)) return known.peer;
  }
  unnamed_.key = flow.server;
  return unnamed_;
}

bool Peers::known_service(const FlowRef& flow) {
  constexpr uint8_t kUdp = 17;
  if (pushes(flow.server_port) || (flow.proto == kUdp && keeps_open(flow.server_port))) return true;
  return of_its_own(flow.application);
}

bool Peers::by_proxy(const FlowRef& flow) {
  constexpr std::string_view kConnect = "HTTP_Connect", kProxy = "HTTP_Proxy";
  const std::string_view of = flow.application;
  return !flow.host.empty() && (of.starts_with(kConnect) || of.starts_with(kProxy) || last_name(of) == kProxy);
}

bool Peers::waits(const FlowRef& flow) {
  const bool unknown = flow.protocol.empty() || flow.protocol == "failed";
  if (pushes(flow.server_port) && !(unknown && flow.application.empty())) return true;
  static constexpr auto kNames = few<std::string_view>("ApplePush", "IMAP", "IMAPS", "Jabber", "MQTT", "SIP");
  return kNames.has(last_name(flow.application));
}

}  // namespace lapwing::analytics
