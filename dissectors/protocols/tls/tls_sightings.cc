// What a handshake tells of client and server.
#include "dissectors/protocols/tls/tls.h"
#include "sensor/event/sighting.h"

namespace lapwing::tls {

void sightings(const Event& event, SightingSink& sink) {
  const auto& tx = static_cast<const Handshake&>(*event.tx);
  if (event.direction == Direction::to_server) {
    if (tx.progress[index(event.direction)] == kHelloDone && !tx.ja4.empty()) {
      sink.software({.kind = SoftwareKind::ja4, .side = Side::client, .value = tx.ja4});
    }
    return;
  }
  const uint8_t stage = tx.progress[index(event.direction)];
  if (stage == kHelloDone && !tx.sni.empty()) {
    sink.binding({.kind = BindingKind::sni, .side = Side::server, .name = tx.sni});
  } else if (stage == kCertificateDone && tx.server().certificate) {
    const std::string_view name = x509::name_of(*tx.server().certificate);
    if (!name.empty()) sink.binding({.kind = BindingKind::certificate, .side = Side::server, .name = name});
  }
}

}  // namespace lapwing::tls
