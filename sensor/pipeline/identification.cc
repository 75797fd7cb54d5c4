#include "sensor/pipeline/identification.h"

#include <cstring>
#include <memory>

namespace lapwing {

namespace {

FlowEnds ends(const Flow& flow) {
  FlowEnds out{.transport = flow.key.proto, .ports = {flow.client_port(), flow.server_port()}};
  if (flow.key.ip_version == 4) {
    const size_t client = flow.client_side;
    std::memcpy(&out.ipv4[0], flow.key.address[client], sizeof out.ipv4[0]);
    std::memcpy(&out.ipv4[1], flow.key.address[1 - client], sizeof out.ipv4[1]);
  }
  return out;
}

}  // namespace

IdentifyState& Identification::state(Flow& flow) {
  auto& slot = flow.slots[static_cast<size_t>(FlowSlot::identify)];
  if (!slot) {
    slot = std::make_unique<Identity>();
    identifier_.begin(static_cast<Identity&>(*slot).state, ends(flow));
  }
  return static_cast<Identity&>(*slot).state;
}

bool Identification::rely_on_facts(IdentifyState& state, const Flow& flow, const Protocol& protocol) {
  return protocol.facts && identifier_.rely_on_facts(state, protocol.name, ends(flow));
}

void Identification::packet(const Packet& packet, Flow& flow, const AppLayer& app) {
  if (!enabled_ || packet.ip.empty() || packet.has_quoted) return;
  // Packets without payload name no application; most scans and floods are nothing else.
  if (packet.payload.empty() && (!full_ || !flow.get<Identity>(FlowSlot::identify))) return;
  IdentifyState& known = state(flow);
  if (known.done()) return;
  const Spoken spoken = app.spoken(flow);
  if (spoken.protocol && rely_on_facts(known, flow, *spoken.protocol)) return;
  // Bytes of a stream come to their dissector once they are acknowledged.
  const bool pending = !spoken.known() && flow.tcp_state != TcpState::none;
  if (pending && identifier_.hold(known, packet.ip, packet.time)) return;
  identifier_.packet(known, packet.ip, packet.time);
}

void Identification::event(const Event& event, Flow& flow, Timestamp time) {
  if (!enabled_ || !event.protocol->facts || event.tx->blank) return;
  IdentifyState& known = state(flow);
  if (!known.wants_facts() && (known.done() || !rely_on_facts(known, flow, *event.protocol))) return;
  facts_.clear();
  facts_.time = time;
  facts_.datagram = flow.key.proto == ip_proto::udp;
  event.protocol->facts(event, facts_);
  identifier_.tell(known, facts_);
}

void Identification::finish(const Flow& flow) {
  if (auto* identity = flow.get<Identity>(FlowSlot::identify)) identifier_.finish(identity->state);
}

Application Identification::of(const Flow& flow) {
  auto* identity = flow.get<Identity>(FlowSlot::identify);
  return identity ? identifier_.describe(identity->state) : Application{};
}

Label Identification::label(const Flow& flow) {
  const auto* identity = flow.get<Identity>(FlowSlot::identify);
  const bool stands = identity && identity->state.done() && !identity->state.by_port();
  return stands ? identifier_.label(identity->state) : Label{};
}

}  // namespace lapwing
