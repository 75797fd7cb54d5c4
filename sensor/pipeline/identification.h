// Identification: which application each flow carries.
#pragma once

#include "sensor/decode/packet.h"
#include "sensor/flow/flow.h"
#include "sensor/identify/identify.h"

namespace lapwing {

/// [W] Keeps nDPI's state of a flow in FlowSlot::identify.
class Identification {
 public:
  explicit Identification(const IdentifyConfig& config) : enabled_(config.enabled), identifier_(config) {}

  /// As Identifier::backlog.
  void backlog(double share) { identifier_.backlog(share); }
  /// The next packet of the flow.
  void packet(const Packet& packet, Flow& flow);
  /// The flow is over.
  void finish(const Flow& flow);
  /// What is known so far. The views live until the next call.
  Application of(const Flow& flow);
  const IdentifyCounters& counters() const { return identifier_.counters(); }

 private:
  struct Identity final : FlowAttachment {
    IdentifyState state;
  };

  const bool enabled_;
  Identifier identifier_;
};

}  // namespace lapwing
