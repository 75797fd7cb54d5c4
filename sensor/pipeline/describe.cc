#include "sensor/pipeline/describe.h"

#include "sensor/stream/stream_engine.h"

namespace lapwing {
namespace {

std::string_view tunnel_proto(const Tunnel& tunnel) {
  switch (tunnel.proto) {
    case ip_proto::udp: return "UDP";
    case ip_proto::gre: return "GRE";
    case ip_proto::ipip: return "IP-in-IP";
    case ip_proto::ipv6: return "IPv6";
    default: return "IP";
  }
}

/// Suricata's names, and such as it would have for what it does not open.
std::string_view source_of(const Packet& packet) {
  if (packet.defragmented) return "defrag";
  if (packet.tunnel_count == 0) return "wire/pcap";
  switch (packet.tunnels[packet.tunnel_count - 1].kind) {
    case TunnelKind::gre:
    case TunnelKind::erspan1:
    case TunnelKind::erspan2:
    case TunnelKind::erspan3:
    case TunnelKind::wccp: return "gre tunnel";
    case TunnelKind::vxlan: return "vxlan encapsulation";
    case TunnelKind::geneve: return "geneve encapsulation";
    case TunnelKind::teredo: return "teredo tunnel";
    case TunnelKind::gtpu: return "gtp tunnel";
    case TunnelKind::nsh: return "nsh encapsulation";
    case TunnelKind::six_in_four:
    case TunnelKind::four_in_four: return "ipv4 tunnel";
    case TunnelKind::four_in_six:
    case TunnelKind::six_in_six: return "ipv6 tunnel";
    case TunnelKind::mpls: break;
  }
  return "tunnel";
}

bool with_ports(uint8_t proto) {
  return proto == ip_proto::tcp || proto == ip_proto::udp || proto == ip_proto::sctp;
}
bool is_icmp(uint8_t proto) {
  return proto == ip_proto::icmp || proto == ip_proto::icmpv6;
}

void describe_frame(const Packet& packet, EnvelopeSpace& space, Envelope& envelope) {
  envelope.pcap_cnt = packet.number;
  envelope.pkt_src = source_of(packet);
  if (packet.ether) {
    envelope.ether_dest = packet.ether;
    envelope.ether_src = packet.ether + 6;
    envelope.ether_type = packet.ether_type;
  }
  for (size_t i = 0; i < packet.tunnel_count; ++i) {
    const Tunnel& tunnel = packet.tunnels[i];
    space.tunnel[i] = {tunnel.src, tunnel.dst, tunnel.src_port, tunnel.dst_port, tunnel_proto(tunnel)};
  }
  envelope.tunnel = {space.tunnel.data(), packet.tunnel_count};
}

}  // namespace

Envelope describe(const Packet& packet, EnvelopeSpace& space) {
  Envelope envelope;
  envelope.time = packet.time;
  envelope.src = packet.src;
  envelope.dest = packet.dst;
  envelope.proto = packet.proto;
  envelope.has_ports = with_ports(packet.proto);
  if (packet.has_l4) {
    envelope.src_port = packet.src_port;
    envelope.dest_port = packet.dst_port;
  }
  if (packet.has_l4 && is_icmp(packet.proto)) {
    envelope.has_icmp = true;
    envelope.icmp_type = packet.icmp_type;
    envelope.icmp_code = packet.icmp_code;
  }
  envelope.vlan = {packet.vlan.data(), packet.vlan_count};
  describe_frame(packet, space, envelope);
  return envelope;
}

Envelope describe(const Flow& flow, const Packet* packet, Timestamp time, EnvelopeSpace& space) {
  Envelope envelope;
  envelope.time = time;
  envelope.flow_id = flow.id;
  envelope.src = flow.client();
  envelope.dest = flow.server();
  envelope.proto = flow.key.proto;
  envelope.has_ports = with_ports(flow.key.proto);
  if (envelope.has_ports) {
    envelope.src_port = flow.client_port();
    envelope.dest_port = flow.server_port();
  } else if (is_icmp(flow.key.proto)) {
    envelope.has_icmp = true;
    envelope.icmp_type = flow.icmp[0];
    envelope.icmp_code = flow.icmp[1];
    if (flow.packets[1] > 0) {
      envelope.has_icmp_response = true;
      envelope.response_icmp_type = flow.icmp[2];
      envelope.response_icmp_code = flow.icmp[3];
    }
  }
  if (flow.key.proto == ip_proto::esp) {
    envelope.has_spi = true;
    envelope.spi = static_cast<uint32_t>(flow.key.port[0]) << 16 | flow.key.port[1];
  }
  size_t vlans = 0;
  if (packet) {
    envelope.vlan = {packet->vlan.data(), packet->vlan_count};
    describe_frame(*packet, space, envelope);
    bool from_server = packet->src == flow.server() && packet->src_port == flow.server_port();
    if (from_server) std::swap(envelope.ether_src, envelope.ether_dest);
  } else {
    for (uint16_t id : flow.key.vlan) {
      if (id) space.vlan[vlans++] = id;
    }
    envelope.vlan = {space.vlan.data(), vlans};
  }
  return envelope;
}

PacketBytes bytes_of(const Packet& packet) {
  constexpr uint16_t kRaw = 12;  // as Suricata numbers it
  if (packet.tunnel_count > 0 && !packet.ip.empty()) return {packet.ip, kRaw};
  return {packet.frame, packet.link_type};
}

void reverse(Envelope& envelope) {
  std::swap(envelope.src, envelope.dest);
  std::swap(envelope.src_port, envelope.dest_port);
  std::swap(envelope.ether_src, envelope.ether_dest);
  std::swap(envelope.ether_srcs, envelope.ether_dests);
}

void add_app(const Recognition& app, Envelope& envelope) {
  auto unless_final = [&](std::string_view name) { return name == app.final.name() ? std::string_view{} : name; };
  envelope.app_proto = app.final.name();
  envelope.app_proto_ts = unless_final(app.sides[0].name());
  envelope.app_proto_tc = unless_final(app.sides[1].name());
  envelope.app_proto_orig = app.original ? unless_final(app.original->name) : std::string_view{};
  envelope.app_proto_expected = unless_final(app.expected);
}

std::span<const AppliedPolicy> applied_policies(const Flow& flow, const ExceptionConfig& config,
                                                std::span<AppliedPolicy, kFlowExceptions> space) {
  size_t count = 0;
  for (size_t i = 0; i < kFlowExceptions; ++i) {
    const auto exception = static_cast<FlowException>(i);
    if (!flow.met(exception)) continue;
    space[count++] = {name(exception),
                      config.bypassed & bit(exception) ? AppliedPolicy::kBypass : AppliedPolicy::kIgnore};
  }
  return space.first(count);
}

FlowSummary summarise(const Flow& flow, const AppLayer& app, Timestamp now, EnvelopeSpace& space) {
  FlowSummary summary;
  summary.envelope = describe(flow, nullptr, now, space);
  const Recognition recognition = app.recognition(flow);
  add_app(recognition, summary.envelope);
  summary.envelope.parent_id = recognition.parent;
  summary.start = flow.start;
  summary.end = flow.last;
  summary.packets = flow.packets;
  summary.bytes = flow.bytes;
  summary.min_ttl = flow.min_ttl;
  summary.max_ttl = flow.max_ttl;
  summary.state = name(flow.state);
  summary.reason = name(flow.end);
  summary.alerted = flow.flags & flow_flag::alerted;
  summary.tx_count = app.transactions(flow);
  if (flow.key.proto == ip_proto::tcp) {
    summary.is_tcp = true;
    StreamInfo info = stream_info(flow);
    if (info.tracked) {
      summary.tcp.flags_ts = flow.tcp_flags[0];
      summary.tcp.flags_tc = flow.tcp_flags[1];
      summary.tcp.state = name(flow.tcp_state);
    }
    summary.tcp.ts_gap = info.gap[0];
    summary.tcp.tc_gap = info.gap[1];
    summary.tcp.ts_max_regions = info.max_regions[0];
    summary.tcp.tc_max_regions = info.max_regions[1];
    summary.tcp.ts_urgent_oob = info.urgent_oob[0];
    summary.tcp.tc_urgent_oob = info.urgent_oob[1];
  }
  return summary;
}

}  // namespace lapwing
