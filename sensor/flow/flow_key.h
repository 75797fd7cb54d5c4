// FlowKey: the canonical tuple of a flow.
#pragma once

#include <cstdint>
#include <cstring>

#include "sensor/base/bytes.h"
#include "sensor/decode/packet.h"

namespace lapwing {

/// The same for both directions: side 0 is the lower (address, port). For ICMP the ports carry type and code, mapped
/// so that a request and its reply share a key. 44 bytes, no padding: hashed and compared as raw memory.
struct FlowKey {
  uint8_t address[2][16] = {};  // IPv4 in the first 4 bytes
  uint16_t port[2] = {};
  uint16_t vlan[2] = {};        // two outermost tags; 0 when VLANs are not tracked
  uint8_t proto = 0;
  uint8_t ip_version = 0;
  uint16_t tunnel = 0;          // 1 when decoded inside a tunnel: its flows are kept apart from outer ones

  bool operator==(const FlowKey& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(FlowKey) == 44);

/// Fills the key of a packet; `swapped` tells that the packet's source is side 1. False when the packet has no flow
/// (no IP, a fragment, no transport header).
bool make_flow_key(const Packet& packet, bool use_vlan, FlowKey& key, bool& swapped);

}  // namespace lapwing
