// Tunnels over UDP. A port alone proves nothing: each checks its header, and where that or the packet inside does not
// hold, the datagram stays what it was.
#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

/// RFC 4380: an IPv6 packet that fills the datagram, after an origin indication or nothing.
bool teredo(Walk& w, Bytes d) {
  constexpr size_t kOriginIndication = 8;
  if (d.size() < 40) return false;
  if (d[0] == 0) {
    if (d[1] != 0 || d.size() < kOriginIndication + 40) return false;
    d = d.subspan(kOriginIndication);
  }
  if (d[0] >> 4 != 6 || load_be16(&d[4]) + 40u != d.size()) return false;
  bool opened = open_tunnel(w, TunnelKind::teredo, ipv6, d);
  w.counters.teredo += opened;
  return opened;
}

/// RFC 8926.
bool geneve(Walk& w, Bytes d) {
  if (d.size() < 8 || d[0] >> 6 != 0) return false;
  size_t header = 8 + (d[0] & 0x3fu) * 4;
  if (header > d.size() || (d[1] & 0x3f) || d[7]) return false;
  for (Bytes o = d.first(header).subspan(8); !o.empty();) {
    size_t size = o.size() < 4 ? 0 : 4 + (o[3] & 0x1fu) * 4;
    if (size == 0 || size > o.size()) return false;
    o = o.subspan(size);
  }
  ++w.counters.geneve;
  Bytes inside = d.subspan(header);
  switch (load_be16(&d[2])) {
    case ether_type::ipv4: open_tunnel(w, TunnelKind::geneve, ipv4, inside); break;
    case ether_type::ipv6: open_tunnel(w, TunnelKind::geneve, ipv6, inside); break;
    case ether_type::bridge: open_tunnel(w, TunnelKind::geneve, ethernet, inside); break;
    case ether_type::arp: break;
    default: w.invalid(Event::geneve_unknown_payload_type);
  }
  return true;
}

/// RFC 7348. The frame's Ethernet header is skipped, not decoded, as Suricata does.
bool vxlan(Walk& w, Bytes d) {
  if (d.size() < 8 + 14) return false;
  bool has_vni = d[0] & 0x08;
  if (!has_vni || d[7] != 0) return false;  // the other reserved bits carry group policies
  ++w.counters.vxlan;
  Bytes inside = d.subspan(8 + 14);
  switch (load_be16(&d[8 + 12])) {
    case ether_type::ipv4: open_tunnel(w, TunnelKind::vxlan, ipv4, inside); break;
    case ether_type::ipv6: open_tunnel(w, TunnelKind::vxlan, ipv6, inside); break;
    case ether_type::vlan:
    case ether_type::provider_vlan:
    case ether_type::qinq: open_tunnel(w, TunnelKind::vxlan, vlan, inside); break;
    case ether_type::arp: break;
    default: w.invalid(Event::vxlan_unknown_payload_type);
  }
  return true;
}

/// 3GPP TS 29.281: version 1, protocol type GTP, G-PDU, a length that fills the datagram, and an IP packet in it.
bool gtpu(Walk& w, Bytes d) {
  constexpr uint8_t kUserData = 255, kOptional = 0x07, kExtension = 0x04;
  if (d.size() < 8 || (d[0] & 0xf0) != 0x30 || d[1] != kUserData || load_be16(&d[2]) + 8u != d.size()) return false;
  size_t header = 8;
  if (d[0] & kOptional) {
    header = 12;
    if (d.size() < header) return false;
    for (uint8_t next = d[0] & kExtension ? d[11] : 0; next != 0;) {
      size_t size = header < d.size() ? d[header] * 4u : 0;
      if (size == 0 || size > d.size() - header) return false;
      header += size;
      next = d[header - 1];
    }
  }
  Bytes inside = d.subspan(header);
  if (inside.empty() || (inside[0] >> 4 != 4 && inside[0] >> 4 != 6)) return false;
  bool opened = open_tunnel(w, TunnelKind::gtpu, ip, inside);
  w.counters.gtpu += opened;
  return opened;
}

}  // namespace

bool udp_tunnel(Walk& w, Bytes payload) {
  uint16_t src = w.packet->src_port, dst = w.packet->dst_port;
  if (w.plan.teredo.has(src, dst) && teredo(w, payload)) return true;
  if (w.plan.geneve.has(src, dst) && geneve(w, payload)) return true;
  if (w.plan.vxlan.has(src, dst) && vxlan(w, payload)) return true;
  return w.plan.gtpu.has(src, dst) && gtpu(w, payload);
}

}  // namespace lapwing::decoding
