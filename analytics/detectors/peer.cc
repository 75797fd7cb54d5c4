#include "analytics/detectors/peer.h"

#include <algorithm>
#include <cstring>

#include "sensor/base/bytes.h"
#include "sensor/base/domain.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {

Peer peer_of(const FlowRef& flow, uint64_t seed) {
  Peer out{.key = flow.server, .name = {}};
  if (flow.host.empty() || IpAddress::parse(flow.host)) return out;
  out.name = registrable_domain(to_lower(flow.host));
  if (out.name.empty()) return out;
  const uint64_t hash = keyed_hash(to_bytes(out.name), seed);
  out.key = IpAddress();
  std::memcpy(out.key.bytes.data(), &hash, sizeof hash);
  return out;
}

bool known_service(const FlowRef& flow) {
  constexpr uint16_t kPushes[] = {5222, 5223, 5228, 5229, 5230, 8883};
  if (std::ranges::find(kPushes, flow.server_port) != std::end(kPushes)) return true;
  const std::string_view application = flow.application;
  constexpr std::string_view kAnybodys[] = {"AmazonAWS",   "Azure", "Cloudflare", "DTLS",         "DigitalOcean",
                                            "GoogleCloud", "HTTP",  "HTTP2",      "HTTP_Connect", "HTTP_Proxy",
                                            "Hetzner",     "QUIC",  "TLS",        "Unknown",      "WebSocket"};
  // The last name of "TLS.Microsoft" tells most.
  const std::string_view last = application.substr(application.rfind('.') + 1);
  return !last.empty() && std::ranges::find(kAnybodys, last) == std::end(kAnybodys);
}

}  // namespace lapwing::analytics
