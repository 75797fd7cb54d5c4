// Link types and what an EtherType leads to.
#include <algorithm>

#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

constexpr uint16_t kMaxLength8023 = 1500;  // IEEE 802.3, section 3.2.6: up to here the type is a length

/// Linux numbers what has no EtherType in its own way.
bool cooked(Walk& w, uint16_t type, Bytes d) {
  constexpr uint16_t kLlc = 4;
  if (!(type == kLlc ? llc(w, d) : network(w, type, d))) ++w.counters.unknown_ethertype;
  return true;
}

bool linux_cooked(Walk& w, Bytes d) {
  ++w.counters.sll;
  if (d.size() < 16) return w.invalid(Event::sll_pkt_too_small);
  return cooked(w, load_be16(&d[14]), d.subspan(16));
}

bool linux_cooked2(Walk& w, Bytes d) {
  ++w.counters.sll2;
  if (d.size() < 20) return w.invalid(Event::sll2_pkt_too_small);
  return cooked(w, load_be16(&d[0]), d.subspan(20));
}

/// The address family is written in the capturing host's byte order, and IPv6 has a number for each system.
bool null_link(Walk& w, Bytes d) {
  ++w.counters.null;
  if (d.size() < 4) return w.invalid(Event::ltnull_pkt_too_small);
  uint32_t family = load_be32(d.data());
  if (family > 0xffff) family = __builtin_bswap32(family);
  switch (family) {
    case 2: return ipv4(w, d.subspan(4));
    case 10:                                // Linux
    case 23:                                // Windows
    case 24:                                // NetBSD, OpenBSD
    case 26:                                // Solaris
    case 28:                                // FreeBSD
    case 30: return ipv6(w, d.subspan(4));  // Darwin
    default: return w.invalid(Event::ltnull_unsupported_type);
  }
}

bool raw_ip(Walk& w, Bytes d) {
  ++w.counters.raw;
  if (d.size() < 20) return w.invalid(Event::ipv4_pkt_too_small);
  if (d[0] >> 4 != 4 && d[0] >> 4 != 6) return w.invalid(Event::ipraw_invalid_ip_version);
  return ip(w, d);
}

bool cisco_hdlc(Walk& w, Bytes d) {
  ++w.counters.chdlc;
  if (d.size() < 4) return w.invalid(Event::chdlc_pkt_too_small);
  if (!w.layer()) return false;
  if (!network(w, load_be16(&d[2]), d.subspan(4))) ++w.counters.unknown_ethertype;
  return true;
}

}  // namespace

bool frame(Walk& w, uint16_t link_type, Bytes d) {
  switch (link_type) {  // LINKTYPE_ numbers
    case 1: return ethernet(w, d);
    case 0:
    case 108: return null_link(w, d);
    case 9:
    case 50: return ppp(w, d);
    case 12:  // LINKTYPE_RAW as some systems number it
    case 14:
    case 101:
    case 228:
    case 229: return raw_ip(w, d);
    case 104: return cisco_hdlc(w, d);
    case 113: return linux_cooked(w, d);
    case 276: return linux_cooked2(w, d);
    case 105: return ieee80211(w, d);
    case 127: return radiotap(w, d);
    case 192: return ppi(w, d);
    case 239: return nflog(w, d);
    default:
      ++w.counters.unknown_link_type;
      w.unknown.note(UnknownProtocol::Kind::link_type, link_type, w.packet->number);
      return false;
  }
}

bool ethernet(Walk& w, Bytes d) {
  ++w.counters.ethernet;
  if (!w.layer()) return false;
  if (d.size() < 14) return w.invalid(Event::ethernet_pkt_too_small);
  if (!w.packet->ether) w.packet->ether = d.data();
  uint16_t type = load_be16(&d[12]);
  d = d.subspan(14);
  if (!network(w, type, d)) {
    ++w.counters.unknown_ethertype;
    w.event(Event::ethernet_unknown_ethertype);
  }
  return true;
}

bool llc(Walk& w, Bytes d) {
  constexpr uint8_t kSnap = 0xaa, kIp = 0x06, kUnnumbered = 0x03;
  ++w.counters.llc;
  if (!w.layer()) return true;
  if (d.size() < 3 || d[2] != kUnnumbered) return false;
  if (d[0] == kIp && d[1] == kIp) return network(w, ether_type::ipv4, d.subspan(3));
  if (d[0] != kSnap || d[1] != kSnap || d.size() < 8) return false;
  // What follows is an EtherType where no organisation, or IEEE 802.1H's bridges, give it (RFC 1042).
  const uint32_t organisation = load_be32(&d[2]) & 0xffffff;
  if (organisation != 0 && organisation != 0xf8) return false;
  return network(w, load_be16(&d[6]), d.subspan(8));
}

bool network(Walk& w, uint16_t type, Bytes d) {
  w.packet->ether_type = type;
  switch (type) {
    case ether_type::ipv4: ipv4(w, d); break;
    case ether_type::ipv6: ipv6(w, d); break;
    case ether_type::vlan:
    case ether_type::provider_vlan:
    case ether_type::qinq: vlan(w, d); break;
    case ether_type::arp: arp(w, d); break;
    case ether_type::mpls:
    case ether_type::mpls_multicast: mpls(w, d); break;
    case ether_type::pppoe_session: pppoe_session(w, d); break;
    case ether_type::pppoe_discovery: pppoe_discovery(w, d); break;
    case ether_type::ieee8021ah: ieee8021ah(w, d); break;
    case ether_type::vntag: vntag(w, d); break;
    case ether_type::etag: etag(w, d); break;
    case ether_type::nsh: nsh(w, d); break;
    case ether_type::macsec: macsec(w, d); break;
    case ether_type::dce:  // a two-byte tag, then an Ethernet frame
      if (d.size() < 2 + 14) {
        w.invalid(Event::dce_pkt_too_small);
      } else {
        ethernet(w, d.subspan(2));
      }
      break;
    default:
      if (type <= kMaxLength8023) return llc(w, d.first(std::min<size_t>(type, d.size())));
      w.unknown.note(UnknownProtocol::Kind::ether_type, type, w.packet->number);
      return false;
  }
  return true;
}

bool arp(Walk& w, Bytes d) {
  constexpr size_t kSize = 28, kMaxPadding = 18;  // Ethernet pads to 60 bytes
  ++w.counters.arp;
  if (!w.layer()) return false;
  if (d.size() < kSize) return w.invalid(Event::arp_pkt_too_small);
  if (d.size() > kSize + kMaxPadding) return w.invalid(Event::arp_invalid_pkt);
  if (load_be16(&d[0]) != 1) return w.invalid(Event::arp_unsupported_hardware);
  if (load_be16(&d[2]) != ether_type::ipv4) return w.invalid(Event::arp_unsupported_protocol);
  if (d[4] != 6) return w.invalid(Event::arp_invalid_hardware_size);
  if (d[5] != 4) return w.invalid(Event::arp_invalid_protocol_size);
  switch (load_be16(&d[6])) {
    case 1:  // request, reply; reverse (RFC 903), inverse (RFC 2390)
    case 2:
    case 3:
    case 4:
    case 8:
    case 9: w.packet->arp = d.first(kSize); return true;
    default: return w.invalid(Event::arp_unsupported_opcode);
  }
}

}  // namespace lapwing::decoding
