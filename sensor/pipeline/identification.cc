#include "sensor/pipeline/identification.h"

#include <memory>

namespace lapwing {

void Identification::packet(const Packet& packet, Flow& flow) {
  if (!enabled_ || packet.ip.empty() || packet.has_quoted) return;
  auto& slot = flow.slots[static_cast<size_t>(FlowSlot::identify)];
  if (!slot) {
    // Packets without payload name no application; most scans and floods are nothing else.
    if (packet.payload.empty()) return;
    slot = std::make_unique<Identity>();
  }
  auto& identity = static_cast<Identity&>(*slot);
  if (!identity.state.done()) identifier_.packet(identity.state, packet.ip, packet.time);
}

void Identification::finish(const Flow& flow) {
  if (auto* identity = flow.get<Identity>(FlowSlot::identify)) identifier_.finish(identity->state);
}

Application Identification::of(const Flow& flow) {
  auto* identity = flow.get<Identity>(FlowSlot::identify);
  return identity ? identifier_.describe(identity->state) : Application{};
}

}  // namespace lapwing
