// Identification: which application each flow carries.
#pragma once

#include "sensor/app/app_layer.h"
#include "sensor/decode/packet.h"
#include "sensor/event/facts.h"
#include "sensor/flow/flow.h"
#include "sensor/identify/identify.h"

namespace lapwing {

/// [W] Keeps nDPI's state of a flow in FlowSlot::identify.
class Identification {
 public:
  explicit Identification(const IdentifyConfig& config)
      : enabled_(config.enabled), full_(config.depth == IdentifyDepth::full), identifier_(config) {}

  /// As Identifier::backlog.
  void backlog(double share) { identifier_.backlog(share); }
  /// The next packet of the flow, after its dissector.
  void packet(const Packet& packet, Flow& flow, const AppLayer& app);
  /// What a dissector found.
  void event(const Event& event, Flow& flow, Timestamp time);
  /// The flow is over.
  void finish(const Flow& flow);
  /// What is known so far. The views live until the next call.
  Application of(const Flow& flow);
  /// Of a flow whose verdict stands by more than its port; of any other nothing.
  Label label(const Flow& flow);
  const IdentifyCounters& counters() const { return identifier_.counters(); }

 private:
  struct Identity final : FlowAttachment {
    IdentifyState state;
  };
  IdentifyState& state(Flow& flow);
  bool rely_on_facts(IdentifyState& state, const Flow& flow, const Protocol& protocol);

  const bool enabled_, full_;
  Identifier identifier_;
  Facts facts_;  // of the event at hand
};

}  // namespace lapwing
