// Packet: the decoded headers of one frame.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "sensor/decode/decode_anomaly.h"

namespace lapwing {

/// IANA protocol numbers that the packet path names.
namespace ip_proto {
inline constexpr uint8_t icmp = 1, igmp = 2, ipip = 4, tcp = 6, udp = 17, ipv6 = 41, gre = 47, esp = 50, ah = 51,
                         icmpv6 = 58, sctp = 132;
}

namespace tcp_flag {
inline constexpr uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32, ece = 64, cwr = 128;
}

inline constexpr size_t kMaxVlan = 3;           // VLAN tags followed; a deeper tag ends the decoding
inline constexpr size_t kMaxTunnel = 8;         // encapsulations followed before the packet is given up
inline constexpr size_t kMaxPacketEvents = 15;  // decoder events kept for one packet

/// Why some systems drop a packet that others take: in the IP layer their policy decides (sensor/stream/os_policy.h).
namespace host_drop {
inline constexpr uint8_t source_route = 1;     // IPv4: loose or strict, whether used up or not
inline constexpr uint8_t repeated_option = 2;  // IPv4: a second route or time stamp option
inline constexpr uint8_t padding = 4;          // IPv6: more than 7 bytes of it in a row, or not of zeros
inline constexpr uint8_t fragment_header = 8;  // IPv6: a second one
inline constexpr uint8_t overlap = 16;         // put together of fragments that overlap
inline constexpr uint8_t tcp_option = 32;      // TCP: one that authenticates or ends wrongly; Linux drops it since 6.7
}  // namespace host_drop

enum class TunnelKind : uint8_t {
  gre,
  wccp,
  erspan1,
  erspan2,
  erspan3,
  vxlan,
  geneve,
  teredo,
  six_in_four,
  four_in_six,
  four_in_four,
  six_in_six,
  gtpu,
  mpls,  // never in Packet::tunnels, as labels have no addresses: see Packet::mpls_count
  nsh
};

/// One encapsulation that was peeled off, outermost first.
struct Tunnel {
  IpAddress src, dst;
  uint16_t src_port = 0, dst_port = 0;
  uint8_t proto = 0;  // IANA number of the carrying protocol
  TunnelKind kind = TunnelKind::gre;
};

struct TcpOptions {
  uint16_t mss = 0;
  bool has_mss = false, has_wscale = false, has_timestamp = false, sack_permitted = false;
  bool is_signed = false;  // by TCP-MD5 (RFC 2385); most systems do not look at TCP-AO
  uint8_t wscale = 0;
  uint32_t ts_value = 0, ts_echo = 0;
  Bytes sack;  // pairs of 32-bit edges
};

/// A tuple quoted inside an ICMP error message.
struct QuotedTuple {
  IpAddress src, dst;
  uint16_t src_port = 0, dst_port = 0;
  uint8_t proto = 0;
};

/// [W] Owns nothing: all ranges view the frame, or the defragmenter's buffer, until the burst is released.
/// Describes one packet of a frame; the packets around it are in tunnels.
struct Packet {
  // The frame
  Bytes frame;
  Timestamp time;
  uint64_t number = 0;
  uint32_t wire_length = 0;
  uint16_t link_type = 1;
  uint16_t interface = 0;

  // What the decoder makes of it
  bool invalid = false;     // a header is broken: only rules on the bare packet apply
  bool dropped = false;     // no host takes it: rules on packets apply, but it moves no flow and opens no tunnel
  uint8_t host_drops = 0;   // host_drop bits
  bool wants_flow = false;  // of a kind that Suricata keeps flows of: TCP, UDP, SCTP, ICMP, ESP, 6in4

  // Link layer of this packet; inside a tunnel nothing of the frame's own link layer
  const uint8_t* ether = nullptr;  // 14-byte Ethernet header (the outermost one), or null
  uint16_t ether_type = 0;         // of the innermost network layer
  uint8_t vlan_count = 0;
  std::array<uint16_t, kMaxVlan> vlan{};  // 12-bit ids, outermost first
  uint8_t mpls_count = 0;                 // labels
  Bytes arp;                              // ARP for Ethernet and IPv4, 28 bytes, or empty

  // Network layer; ip_version 0: no IP packet could be decoded
  uint8_t ip_version = 0;
  uint8_t proto = 0;         // of the transport layer, after extension headers
  uint8_t ttl = 0;           // or hop limit
  uint8_t tos = 0;           // or traffic class
  bool is_fragment = false;  // transport is not decoded until defragmented
  bool more_fragments = false;
  bool dont_fragment = false;
  bool defragmented = false;
  bool bad_checksum_ip = false, bad_checksum_l4 = false;
  uint16_t fragment_offset = 0;  // bytes
  uint32_t ip_id = 0;            // IPv4 identification, IPv6 fragment identification
  IpAddress src, dst;
  Bytes ip;          // whole IP packet from its header, cut to its length field
  Bytes ip_header;   // IPv4 header with options; IPv6 fixed header
  Bytes ip_payload;  // after the IP (extension) headers; for a fragment its data

  // Transport layer
  bool has_l4 = false;  // the transport header is complete
  uint16_t src_port = 0, dst_port = 0;
  Bytes l4_header, payload;
  uint32_t seq = 0, ack = 0;
  uint16_t window = 0, urgent = 0;
  uint8_t tcp_flags = 0;
  TcpOptions tcp;
  uint8_t icmp_type = 0, icmp_code = 0;
  uint16_t icmp_id = 0, icmp_seq = 0;
  uint8_t igmp_type = 0;
  bool has_quoted = false;  // ICMP error: `quoted` is the packet that provoked it
  QuotedTuple quoted;

  // The arrays stand last: only what their counts say is set
  uint8_t event_count = 0, tunnel_count = 0;
  std::array<Tunnel, kMaxTunnel> tunnels{};
  std::array<DecodeAnomaly, kMaxPacketEvents> events{};

  /// False when there is no room for one more event.
  bool add(DecodeAnomaly event) {
    if (event_count == events.size()) return false;
    events[event_count++] = event;
    return true;
  }
  bool is(uint8_t protocol) const { return has_l4 && proto == protocol; }
  bool is_tcp() const { return is(ip_proto::tcp); }
  bool is_udp() const { return is(ip_proto::udp); }
};

}  // namespace lapwing
