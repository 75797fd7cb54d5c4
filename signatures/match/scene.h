// Scene: what a rule may look at while it is evaluated [W].
#pragma once

#include <cstdint>
#include <span>

#include "sensor/base/ip_address.h"
#include "signatures/match/flow_state.h"
#include "signatures/match/match_context.h"
#include "signatures/program/compiled.h"

namespace lapwing::rules {

class SharedState;

/// The bytes of one direction as the rule sees them: source and destination follow `direction`, not the packet.
struct Scene {
  const MatchContext* context = nullptr;
  const Compiled* rules = nullptr;
  const RuleGroups* groups = nullptr;  // of rules that may match between its addresses
  const Packet* packet = nullptr;      // null at a flow's end
  Flow* flow = nullptr;
  FlowStates* states = nullptr;  // finds or makes the flow's state
  SharedState* shared = nullptr;
  MatchCounters* counters = nullptr;
  const Event* event = nullptr;
  const MessageFrame* frame = nullptr;
  CarriedFile* file = nullptr;                 // that a rule about one looks at
  std::span<const Variable> packet_variables;  // that rules captured so far
  Direction direction = Direction::to_server;
  IpAddress src, dst;
  uint16_t src_port = 0, dst_port = 0;
  bool has_ports = false;
  uint8_t transport = 0;             // a transport_bit, or 0 without IP
  uint8_t protocol = kMaxProtocols;  // index of the detected protocol
};

}  // namespace lapwing::rules
