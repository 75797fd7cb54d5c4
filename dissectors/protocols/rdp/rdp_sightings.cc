// What an opening tells of client and server.
#include "dissectors/protocols/rdp/rdp.h"
#include "sensor/event/sighting.h"

namespace lapwing::rdp {

namespace {

void named_by(const x509::Certificate* certificate, SightingSink& sink) {
  const std::string_view name = certificate ? x509::name_of(*certificate) : std::string_view();
  if (!name.empty()) sink.binding({.kind = BindingKind::certificate, .side = Side::server, .name = name});
}

}  // namespace

void sightings(const Event& event, SightingSink& sink) {
  if (!event.record) return;
  const auto& said = static_cast<const Message&>(*event.tx).said;
  if (const auto* client = std::get_if<ClientData>(&said); client && client->core && !client->core->name.empty()) {
    sink.binding({.kind = BindingKind::dns, .side = Side::client, .name = client->core->name});
  }
  if (const auto* server = std::get_if<ServerData>(&said)) named_by(server->certificate.get(), sink);
  if (const auto* handshake = std::get_if<Handshake>(&said)) {
    if (!handshake->ja4.empty()) {
      sink.software({.kind = SoftwareKind::ja4, .side = Side::client, .value = handshake->ja4});
    }
    if (!handshake->sni.empty()) {
      sink.binding({.kind = BindingKind::sni, .side = Side::server, .name = handshake->sni});
    }
    named_by(handshake->certificate.get(), sink);
  }
}

}  // namespace lapwing::rdp
