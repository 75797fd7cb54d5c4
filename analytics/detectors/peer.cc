#include "analytics/detectors/peer.h"

#include <algorithm>
#include <cstring>

#include "sensor/base/bytes.h"
#include "sensor/base/domain.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

Peer named(std::string_view host, uint64_t seed) {
  Peer out;
  if (IpAddress::parse(host)) return out;
  out.name = registrable_domain(to_lower(host));
  const uint64_t hash = keyed_hash(to_bytes(out.name), seed);
  std::memcpy(out.key.bytes.data(), &hash, sizeof hash);
  return out;
}

/// Not of the web alone, nor of who hosts the server.
bool of_its_own(std::string_view application) {
  constexpr std::string_view kAnybodys[] = {"AmazonAWS",   "Azure", "Cloudflare", "DTLS",         "DigitalOcean",
                                            "GoogleCloud", "HTTP",  "HTTP2",      "HTTP_Connect", "HTTP_Proxy",
                                            "Hetzner",     "QUIC",  "TLS",        "Unknown",      "WebSocket"};
  // The last name of "TLS.Microsoft" tells most.
  const std::string_view last = application.substr(application.rfind('.') + 1);
  return !last.empty() && std::ranges::find(kAnybodys, last) == std::end(kAnybodys);
}

}  // namespace

const Peer& Peers::of(const FlowRef& flow) {
  if (!flow.host.empty()) {
    const uint64_t hash = keyed_hash(to_bytes(flow.host), seed_);
    Named& known = names_[hash % kNames];
    if (known.hash != hash) known = {hash, named(flow.host, seed_)};
    if (!known.peer.name.empty()) return known.peer;
  }
  unnamed_.key = flow.server;
  return unnamed_;
}

bool Peers::known_service(const FlowRef& flow) {
  constexpr uint16_t kPushes[] = {5222, 5223, 5228, 5229, 5230, 8883};
  if (std::ranges::find(kPushes, flow.server_port) != std::end(kPushes)) return true;
  if (flow.application.empty()) return false;
  const uint64_t hash = keyed_hash(to_bytes(flow.application), seed_);
  Known& known = applications_[hash % kApplications];
  if (known.hash != hash) known = {hash, of_its_own(flow.application)};
  return known.service;
}

}  // namespace lapwing::analytics
