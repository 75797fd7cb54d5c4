// Packets as the flow room sees them, filled by hand.
#pragma once

#include <cstdint>
#include <string_view>

#include "sensor/decode/packet.h"

namespace lapwing::test {

inline Packet flow_packet(uint8_t proto, std::string_view src, uint16_t src_port, std::string_view dst,
                          uint16_t dst_port, double seconds = 0) {
  Packet packet;
  packet.src = *IpAddress::parse(src);
  packet.dst = *IpAddress::parse(dst);
  packet.ip_version = packet.src.version;
  packet.proto = proto;
  packet.has_l4 = true;
  packet.src_port = src_port;
  packet.dst_port = dst_port;
  packet.ttl = 64;
  packet.wire_length = 100;
  packet.time = {1'700'000'000'000'000'000 + static_cast<int64_t>(seconds * 1e9)};
  packet.number = 1;
  return packet;
}

inline Packet udp(double seconds = 0, uint16_t port = 1000) {
  return flow_packet(ip_proto::udp, "10.0.0.1", port, "10.0.0.2", 53, seconds);
}
inline Packet udp_reply(double seconds = 0, uint16_t port = 1000) {
  return flow_packet(ip_proto::udp, "10.0.0.2", 53, "10.0.0.1", port, seconds);
}
inline Packet tcp(uint8_t flags, double seconds = 0, uint16_t port = 1000, uint32_t seq = 1) {
  Packet packet = flow_packet(ip_proto::tcp, "10.0.0.1", port, "10.0.0.2", 80, seconds);
  packet.tcp_flags = flags;
  packet.seq = seq;
  return packet;
}
inline Packet tcp_reply(uint8_t flags, double seconds = 0, uint16_t port = 1000, uint32_t seq = 1) {
  Packet packet = flow_packet(ip_proto::tcp, "10.0.0.2", 80, "10.0.0.1", port, seconds);
  packet.tcp_flags = flags;
  packet.seq = seq;
  return packet;
}
inline Packet icmp(std::string_view src, std::string_view dst, uint8_t type, uint8_t code = 0, double seconds = 0) {
  Packet packet = flow_packet(src.find(':') == src.npos ? ip_proto::icmp : ip_proto::icmpv6, src, 0, dst, 0, seconds);
  packet.icmp_type = type;
  packet.icmp_code = code;
  return packet;
}

}  // namespace lapwing::test
