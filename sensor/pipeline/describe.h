// What records say of packets and flows: the one place where the rooms of the path meet the vocabulary of export.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "sensor/app/app_layer.h"
#include "sensor/decode/packet.h"
#include "sensor/event/alert.h"
#include "sensor/event/envelope.h"
#include "sensor/event/flow_summary.h"
#include "sensor/flow/exception_policy.h"
#include "sensor/flow/flow.h"

namespace lapwing {

/// Backing store of an envelope's views [W]; reused from record to record.
struct EnvelopeSpace {
  std::array<TunnelLayer, kMaxTunnel> tunnel;
  std::array<uint16_t, kMaxVlan> vlan;
};

/// Addresses as the packet has them (alerts, anomalies).
Envelope describe(const Packet& packet, EnvelopeSpace& space);
/// Addresses as the flow has them: the client is the source. `packet` may be null (the flow's end).
Envelope describe(const Flow& flow, const Packet* packet, Timestamp time, EnvelopeSpace& space);
/// The bytes that go with a packet's addresses: of what was in a tunnel the IP packet alone.
PacketBytes bytes_of(const Packet& packet);
/// Swaps source and destination.
void reverse(Envelope& envelope);
void add_app(const Recognition& app, Envelope& envelope);
/// The exceptions that the flow met, each with its policy, in `space`.
std::span<const AppliedPolicy> applied_policies(const Flow& flow, const ExceptionConfig& config,
                                                std::span<AppliedPolicy, kFlowExceptions> space);
/// Counters, times, state; the application verdict and flow bits are the caller's.
FlowSummary summarise(const Flow& flow, const AppLayer& app, Timestamp now, EnvelopeSpace& space);

}  // namespace lapwing
