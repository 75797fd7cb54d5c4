// Envelope: what every record says about where it comes from.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"

namespace lapwing {

/// One encapsulation around the packet, outermost first.
struct TunnelLayer {
  IpAddress src, dest;
  uint16_t src_port = 0, dest_port = 0;
  std::string_view proto;  // "GRE", "VXLAN", ... as the record writes it
};

/// A variable that rules set from what they captured.
struct NamedText {
  std::string_view name, text;
};

/// One that rules count with.
struct NamedNumber {
  std::string_view name;
  uint32_t value = 0;
};

using MacAddress = std::array<uint8_t, 6>;

/// [W] Views live as long as the call that receives the envelope. Empty or zero members are not written.
struct Envelope {
  Timestamp time;
  uint64_t flow_id = 0;
  uint64_t parent_id = 0;
  std::string_view in_iface;
  IpAddress src, dest;
  uint16_t src_port = 0, dest_port = 0;
  bool has_ports = false;  // TCP, UDP, SCTP: ports are written even when 0
  uint8_t proto = 0;       // IANA protocol number
  bool has_icmp = false;
  uint8_t icmp_type = 0, icmp_code = 0;
  bool has_icmp_response = false;
  uint8_t response_icmp_type = 0, response_icmp_code = 0;
  bool has_spi = false;  // ESP
  uint32_t spi = 0;
  std::span<const uint16_t> vlan;
  std::string_view app_proto;
  std::string_view app_proto_orig, app_proto_ts, app_proto_tc, app_proto_expected;
  std::string_view pkt_src;  // "wire/pcap", "defrag", "stream (flow timeout)", ...
  uint64_t pcap_cnt = 0;     // number of the frame in the replay, from 1
  std::string_view pcap_filename;
  std::string_view community_id;
  const uint8_t* ether_src = nullptr;  // 6 bytes each
  const uint8_t* ether_dest = nullptr;
  uint16_t ether_type = 0;
  std::span<const MacAddress> ether_srcs, ether_dests;  // all that the flow's sides had, where no packet is at hand
  std::span<const TunnelLayer> tunnel;
  std::span<const NamedText> flowvars, pktvars;  // of the flow and of the packet at hand
  std::span<const NamedNumber> flowints;
  std::span<const NamedText> entropies;        // of the flow's buffers, as JSON numbers
  std::span<const std::string_view> flowbits;  // set on the flow; alerts and flow summaries carry their own
};

}  // namespace lapwing
