#include "sensor/flow/flow_key.h"

#include <algorithm>
#include <utility>

namespace lapwing {
namespace {

struct TypePair {
  uint8_t request, reply;
};
constexpr TypePair kIcmp4Pairs[] = {{8, 0}, {10, 9}, {13, 14}, {15, 16}, {17, 18}};
constexpr TypePair kIcmp6Pairs[] = {{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}};

uint8_t counterpart(std::span<const TypePair> pairs, uint8_t type) {
  for (auto [request, reply] : pairs) {
    if (type == request) return reply;
    if (type == reply) return request;
  }
  return 0;
}

bool is_icmp4_error(uint8_t type) {
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

uint8_t level(const Packet& packet) {
  auto tunnels = std::span(packet.tunnels).first(packet.tunnel_count);
  return static_cast<uint8_t>(
      std::ranges::count_if(tunnels, [](const Tunnel& tunnel) { return tunnel.kind != TunnelKind::mpls; }));
}

void fill(const Packet& packet, bool use_vlan, const IpAddress& src, const IpAddress& dst, uint8_t proto,
          FlowKey& key) {
  key = {};
  std::memcpy(key.address[0], src.bytes.data(), src.bytes.size());
  std::memcpy(key.address[1], dst.bytes.data(), dst.bytes.size());
  if (use_vlan) {
    for (size_t i = 0; i < packet.vlan_count; ++i) key.vlan[i] = packet.vlan[i];
  }
  key.proto = proto;
  key.ip_version = src.version & 15;
  key.tunnel = level(packet) & 15;
}

bool order(FlowKey& key, bool with_ports) {
  int addresses = std::memcmp(key.address[0], key.address[1], sizeof key.address[0]);
  bool swapped = addresses > 0 || (addresses == 0 && with_ports && key.port[0] > key.port[1]);
  if (swapped) {
    std::swap(key.address[0], key.address[1]);
    if (with_ports) std::swap(key.port[0], key.port[1]);
  }
  return swapped;
}

}  // namespace

bool make_flow_key(const Packet& packet, bool use_vlan, FlowKey& key, bool& swapped) {
  if (packet.ip_version == 0 || packet.is_fragment || !(packet.has_l4 || packet.wants_flow)) return false;
  uint16_t src_port = packet.src_port, dst_port = packet.dst_port;
  bool with_ports = true;
  switch (packet.proto) {
    case ip_proto::tcp:
    case ip_proto::udp:
    case ip_proto::sctp: break;
    case ip_proto::icmp:
      if (is_icmp4_error(packet.icmp_type)) return false;
      src_port = packet.icmp_type;
      dst_port = counterpart(kIcmp4Pairs, packet.icmp_type);
      break;
    case ip_proto::icmpv6:
      src_port = packet.icmp_type;
      dst_port = counterpart(kIcmp6Pairs, packet.icmp_type);
      break;
    case ip_proto::esp: {
      Bytes header = packet.l4_header.size() >= 4 ? packet.l4_header : packet.ip_payload;
      if (header.size() < 4) return false;
      src_port = load_be16(header.data());
      dst_port = load_be16(header.data() + 2);
      with_ports = false;
      break;
    }
    default:
      if (!packet.wants_flow) return false;
      src_port = dst_port = 0;
  }
  fill(packet, use_vlan, packet.src, packet.dst, packet.proto, key);
  key.port[0] = src_port;
  key.port[1] = dst_port;
  swapped = order(key, with_ports);
  return true;
}

bool make_quoted_key(const Packet& packet, bool use_vlan, FlowKey& key) {
  if (!packet.has_quoted) return false;
  const QuotedTuple& quoted = packet.quoted;
  if (quoted.proto != ip_proto::tcp && quoted.proto != ip_proto::udp && quoted.proto != ip_proto::sctp) return false;
  fill(packet, use_vlan, quoted.src, quoted.dst, quoted.proto, key);
  key.port[0] = quoted.src_port;
  key.port[1] = quoted.dst_port;
  order(key, true);
  return true;
}

}  // namespace lapwing
