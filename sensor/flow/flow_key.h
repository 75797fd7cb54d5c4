// FlowKey: the canonical tuple of a flow.
#pragma once

#include <cstdint>
#include <cstring>

#include "sensor/base/bytes.h"
#include "sensor/decode/packet.h"

namespace lapwing {

/// The same for both directions: side 0 is the lower (address, port). For ICMP the ports carry the type of the message
/// and of its counterpart, so that a request and its reply share a key; for ESP the halves of the SPI. 44 bytes, no
/// padding: hashed and compared as raw memory.
struct FlowKey {
  uint8_t address[2][16] = {};  // IPv4 in the first 4 bytes
  uint16_t port[2] = {};
  uint16_t vlan[kMaxVlan] = {};  // 0 when VLANs are not tracked
  uint8_t proto = 0;
  uint8_t ip_version : 4 = 0;
  uint8_t tunnel : 4 = 0;  // tunnels around the packet: inner flows are kept apart from outer ones

  bool operator==(const FlowKey& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(FlowKey) == 44 && kMaxTunnel < 16);

/// Fills the key of a packet; `swapped` tells that the packet's source is side 1. False when the packet has no flow
/// (no IP, a fragment, no transport header, another transport than TCP, UDP, SCTP, ICMP and ESP, an ICMPv4 error).
bool make_flow_key(const Packet& packet, bool use_vlan, FlowKey& key, bool& swapped);

/// The key of the packet that an ICMP error quotes; false when it quotes none with ports.
bool make_quoted_key(const Packet& packet, bool use_vlan, FlowKey& key);

}  // namespace lapwing
