// GRE (RFC 1701, 2784, 2890; version 1: RFC 2637) and ERSPAN.
#include <algorithm>

#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

enum Flag : uint8_t {
  kChecksum = 0x80,
  kRouting = 0x40,
  kKey = 0x20,
  kSequence = 0x10,
  kStrict = 0x08,
  kRecursion = 0x07
};

/// Bytes before the payload, or 0 after an event.
size_t header_version0(Walk& w, Bytes d) {
  uint8_t flags = d[0];
  if (flags & kRecursion) return w.invalid(Event::gre_version0_recur);
  if (d[1] & 0x78) return w.invalid(Event::gre_version0_flags);
  size_t size = 4;
  if (flags & (kChecksum | kRouting)) size += 4;
  if (flags & kKey) size += 4;
  if (flags & kSequence) size += 4;
  if (size > d.size()) return w.invalid(Event::gre_version0_hdr_too_big);
  while (flags & kRouting) {  // source route entries; one of family and length 0 ends them
    if (d.size() - size < 4) return w.invalid(Event::gre_version0_malformed_sre_hdr);
    uint16_t family = load_be16(&d[size]);
    uint8_t length = d[size + 3];
    size += 4;
    if (family == 0 && length == 0) break;
    if (length > d.size() - size) return w.invalid(Event::gre_version0_malformed_sre_hdr);
    size += length;
  }
  return size;
}

size_t header_version1(Walk& w, Bytes d) {
  uint8_t flags = d[0];
  if (flags & kChecksum) return w.invalid(Event::gre_version1_chksum);
  if (flags & kRouting) return w.invalid(Event::gre_version1_route);
  if (flags & kStrict) return w.invalid(Event::gre_version1_ssr);
  if (flags & kRecursion) return w.invalid(Event::gre_version1_recur);
  if (d[1] & 0x78) return w.invalid(Event::gre_version1_flags);
  if (load_be16(&d[2]) != ether_type::ppp) return w.invalid(Event::gre_version1_wrong_protocol);
  if (!(flags & kKey)) return w.invalid(Event::gre_version1_no_key);
  size_t size = 8;
  if (flags & kSequence) size += 4;
  if (d[1] & 0x80) size += 4;  // acknowledgement
  if (size > d.size()) return w.invalid(Event::gre_version1_hdr_too_big);
  return size;
}

/// The mirrored frame's VLAN is in the ERSPAN header, as the tag itself may have been taken off.
bool mirrored(Walk& w, Bytes d, size_t header) {
  if (uint16_t id = load_be16(d.data()) & 0xfff) w.packet->vlan[w.packet->vlan_count++] = id;
  return ethernet(w, d.subspan(header));
}

bool erspan2(Walk& w, Bytes d) {
  ++w.counters.erspan;
  if (!w.layer()) return false;
  if (d.size() < 8) return w.invalid(Event::erspan_header_too_small);
  if (d[0] >> 4 != 1) return w.invalid(Event::erspan_unsupported_version);
  return mirrored(w, d, 8);
}

bool erspan3(Walk& w, Bytes d) {
  ++w.counters.erspan;
  if (!w.layer()) return false;
  if (d.size() < 12) return w.invalid(Event::erspan_header_too_small);
  if (d[0] >> 4 != 2) return w.invalid(Event::erspan_unsupported_version);
  constexpr uint8_t kIpFrame = 2;
  size_t header = d[11] & 1 ? 20 : 12;  // with the platform specific subheader
  if (d.size() < header) return w.invalid(Event::erspan_header_too_small);
  if ((d[10] >> 2 & 0x1f) == kIpFrame) return ip(w, d.subspan(header));
  return mirrored(w, d, header);
}

/// Web cache redirection: in its second version four bytes precede the packet.
bool wccp(Walk& w, Bytes d) {
  constexpr size_t kRedirection = 4;
  ++w.counters.wccp;
  const bool bare = d.size() >= 20 && d[0] >> 4 == 4 && (d[0] & 15) >= 5 && load_be16(&d[2]) <= d.size();
  return ip(w, bare ? d : d.subspan(std::min(kRedirection, d.size())));
}

bool erspan1(Walk& w, Bytes d) {
  ++w.counters.erspan;
  return ethernet(w, d);
}

}  // namespace

void gre(Walk& w, Bytes d) {
  ++w.counters.gre;
  if (d.size() < 4) return void(w.invalid(Event::gre_pkt_too_small));
  uint8_t version = d[1] & 7;
  if (version > 1) return void(w.invalid(Event::gre_wrong_version));
  size_t size = version == 0 ? header_version0(w, d) : header_version1(w, d);
  if (size == 0) return;
  Packet& p = *w.packet;
  p.has_l4 = true;
  p.l4_header = d.first(size);
  p.payload = d.subspan(size);
  const uint16_t type = load_be16(&d[2]);
  switch (type) {
    case ether_type::ipv4: open_tunnel(w, TunnelKind::gre, ipv4, p.payload); break;
    case ether_type::ipv6: open_tunnel(w, TunnelKind::gre, ipv6, p.payload); break;
    case ether_type::ppp: open_tunnel(w, TunnelKind::gre, ppp, p.payload); break;
    case ether_type::vlan: open_tunnel(w, TunnelKind::gre, vlan, p.payload); break;
    case ether_type::bridge: open_tunnel(w, TunnelKind::gre, ethernet, p.payload); break;
    case ether_type::wccp: open_tunnel(w, TunnelKind::wccp, wccp, p.payload); break;
    case ether_type::mpls: open_tunnel(w, TunnelKind::gre, mpls, p.payload); break;
    case ether_type::erspan2:
      if (d[0] == 0 && d[1] == 0) {  // type I has neither a sequence number nor a header of its own
        if (w.plan.erspan_type1) open_tunnel(w, TunnelKind::erspan1, erspan1, p.payload);
      } else {
        open_tunnel(w, TunnelKind::erspan2, erspan2, p.payload);
      }
      break;
    case ether_type::erspan3: open_tunnel(w, TunnelKind::erspan3, erspan3, p.payload); break;
    default:
      if (!p.payload.empty()) undecoded_type(w, type);  // keep-alives carry nothing
  }
}

}  // namespace lapwing::decoding
