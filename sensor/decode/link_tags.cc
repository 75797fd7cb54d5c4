// Tags between Ethernet and IP: VLAN, MPLS, VN-Tag, E-Tag, 802.1ah, NSH, MACsec.
#include "sensor/decode/walk.h"

namespace lapwing::decoding {

bool vlan(Walk& w, Bytes d) {
  Packet& p = *w.packet;
  if (p.vlan_count == kMaxVlan) {
    ++w.counters.max_vlan;
    return w.invalid(Event::vlan_too_many_layers);
  }
  uint64_t* counters[] = {&w.counters.vlan, &w.counters.vlan_qinq, &w.counters.vlan_qinqinq};
  ++*counters[p.vlan_count];
  if (!w.layer()) return false;
  if (d.size() < 4) return w.invalid(Event::vlan_header_too_small);
  p.vlan[p.vlan_count++] = load_be16(&d[0]) & 0xfff;
  return network(w, load_be16(&d[2]), d.subspan(4)) || w.unknown_type(Event::vlan_unknown_type);
}

bool mpls(Walk& w, Bytes d) {
  constexpr uint32_t kIpv4Null = 0, kRouterAlert = 1, kIpv6Null = 2, kImplicitNull = 3, kFirstFree = 15;
  ++w.counters.mpls;
  uint32_t entry = 0;
  do {
    if (d.size() < 4) return w.invalid(Event::mpls_header_too_small);
    if (!w.layer()) return false;
    entry = load_be32(d.data());
    d = d.subspan(4);
    if (w.packet->mpls_count < UINT8_MAX) ++w.packet->mpls_count;
  } while (!(entry & 0x100));

  uint32_t label = entry >> 12;
  if (label == kIpv4Null) return ipv4(w, d);
  if (label == kIpv6Null) return ipv6(w, d);
  if (label == kRouterAlert) return w.event(Event::mpls_bad_label_router_alert), true;
  if (label == kImplicitNull) return w.event(Event::mpls_bad_label_implicit_null), true;
  if (label < kFirstFree) return w.event(Event::mpls_bad_label_reserved), true;
  if (d.size() < 4) return w.invalid(Event::mpls_pkt_too_small);
  switch (d[0] >> 4) {
    case 4: return ipv4(w, d);
    case 6: return ipv6(w, d);
    case 0: return ethernet(w, d.subspan(4));  // pseudowire control word (RFC 4385)
    default: return w.invalid(Event::mpls_unknown_payload_type);
  }
}

bool vntag(Walk& w, Bytes d) {
  ++w.counters.vntag;
  if (d.size() < 6) return w.invalid(Event::vntag_header_too_small);
  if (!w.layer()) return false;
  return network(w, load_be16(&d[4]), d.subspan(6)) || w.unknown_type(Event::vntag_unknown_type);
}

bool etag(Walk& w, Bytes d) {
  ++w.counters.etag;
  if (d.size() < 8) return w.invalid(Event::etag_header_too_small);
  if (!w.layer()) return false;
  return network(w, load_be16(&d[6]), d.subspan(8)) || w.unknown_type(Event::etag_unknown_type);
}

/// Flags and service id, customer addresses, type.
bool ieee8021ah(Walk& w, Bytes d) {
  ++w.counters.ieee8021ah;
  if (d.size() < 18) return w.invalid(Event::ieee8021ah_header_too_small);
  if (!w.layer()) return false;
  network(w, load_be16(&d[16]), d.subspan(18));
  return true;
}

/// IEEE 802.1AE, section 9.3: what is only signed can be read.
bool macsec(Walk& w, Bytes d) {
  constexpr uint8_t kVersion = 0x80, kChannel = 0x20, kEncrypted = 0x08, kChanged = 0x04;
  constexpr size_t kCheck = 16;
  ++w.counters.macsec;
  if (!w.layer()) return false;
  const size_t size = !d.empty() && d[0] & kChannel ? 14 : 6;
  if (d.size() < size + 2 + kCheck || d[0] & kVersion) return w.invalid(Event::ethernet_pkt_too_small);
  if (d[0] & (kEncrypted | kChanged)) {
    ++w.counters.encrypted_link;
    return true;
  }
  network(w, load_be16(&d[size]), d.subspan(size + 2, d.size() - size - 2 - kCheck));
  return true;
}

/// RFC 8300.
bool nsh(Walk& w, Bytes d) {
  ++w.counters.nsh;
  if (d.size() < 8) return w.invalid(Event::nsh_header_too_small);
  if (!w.layer()) return false;
  size_t length = (d[1] & 0x3fu) * 4u;
  uint8_t metadata = d[2] & 0x0f, next = d[3];
  if (d[0] >> 6 != 0) return w.invalid(Event::nsh_unsupported_version);
  if (metadata == 0 || metadata == 0x0f) return w.invalid(Event::nsh_reserved_type);
  if (metadata > 2) return w.invalid(Event::nsh_unsupported_type);
  if (length < 8 || length > d.size() || (metadata == 1 && length != 24)) {
    return w.invalid(Event::nsh_bad_header_length);
  }
  Bytes inside = d.subspan(length);
  switch (next) {
    case 1: return open_tunnel(w, TunnelKind::nsh, ipv4, inside);
    case 2: return open_tunnel(w, TunnelKind::nsh, ipv6, inside);
    case 3: return open_tunnel(w, TunnelKind::nsh, ethernet, inside);
    case 5: return true;  // MPLS: named, not followed
    default: return w.invalid(Event::nsh_unknown_payload);
  }
}

}  // namespace lapwing::decoding
