// Link types and what an EtherType leads to.
#include <algorithm>

#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

constexpr uint16_t kMaxLength8023 = 1500;  // IEEE 802.3, section 3.2.6: up to here the type is a length

/// What links, bridges and stations say of themselves (IANA's IEEE 802 numbers): it carries nobody's traffic.
constexpr uint16_t kControlTypes[] = {
    0x0842,                  // wake on LAN
    0x2000, 0x2001,          // CDP on Cisco HDLC, NHRP in GRE
    0x22ea, 0x88f5, 0x88f6,  // registration of streams, VLANs and addresses (MRP)
    0x22f4,                  // IS-IS
    0x6001, 0x6002,          // DEC MOP
    0x8035, 0x80f3,          // RARP, and Cisco HDLC's keep-alives; AARP
    0x872d,                  // Cisco WLCCP
    0x8808, 0x8809,          // MAC control, slow protocols: LACP, OAM
    0x886d,                  // Intel's probes of teams
    0x887b, 0x88e1, 0x8912,  // management of power lines
    0x888e, 0x88c7,          // EAPOL, pre-authentication
    0x8899,                  // Realtek's loop detection
    0x88cc, 0x88d9,          // LLDP, LLTD
    0x88e3, 0x88fb,          // redundancy of rings, PRP
    0x88f7,                  // PTP
    0x8902,                  // connectivity faults, protection of rings
    0x890d,                  // management of IEEE 802.11
    0x8914,                  // initialisation of FCoE
    0x8940,                  // edge control
    0x9000,                  // loopback
};

/// The same behind SNAP with an organisation's own numbers.
struct OwnProtocol {
  uint32_t organisation;
  uint16_t number;
  bool operator==(const OwnProtocol&) const = default;
};
constexpr OwnProtocol kOwnControl[] = {
    {0x00000c, 0x0102}, {0x00000c, 0x0104},                      // Cisco DRiP, PAgP
    {0x00000c, 0x010b}, {0x00000c, 0x010c}, {0x00000c, 0x0111},  // PVST+, VLAN bridge, UDLD
    {0x00000c, 0x2000}, {0x00000c, 0x2003}, {0x00000c, 0x2004},  // CDP, VTP, DTP
    {0x000081, 0x01a1}, {0x000081, 0x01a2},                      // Nortel's discovery
    {0x00e02b, 0x00bb},                                          // Extreme's discovery
    {0x00e052, 0x2000},                                          // Foundry's discovery
};

/// Nothing decodes it; always false. `control`: it carries no traffic.
bool undecoded(Walk& w, bool control) {
  ++w.counters.unknown_ethertype;
  w.counters.unread_ethertype += !control;
  w.control = control;
  return false;
}

/// What a number leads to where none is a length.
bool by_ether_type(Walk& w, uint16_t type, Bytes d) {
  return type <= kMaxLength8023 ? undecoded_type(w, type) : network(w, type, d);
}

/// Linux numbers what has no EtherType in its own way.
bool cooked(Walk& w, uint16_t type, Bytes d) {
  constexpr uint16_t kLlc = 4;
  if (type == kLlc) {
    llc(w, d);
  } else {
    by_ether_type(w, type, d);
  }
  return true;
}

/// Behind the DSAP, SSAP and control field that name SNAP. What follows is an EtherType where no organisation, or IEEE
/// 802.1H's bridges, give it (RFC 1042).
bool snap(Walk& w, Bytes d) {
  constexpr uint32_t kBridges = 0x0000f8;
  if (d.size() < 5) return undecoded(w, true);
  const uint32_t organisation = load_be32(d.data()) >> 8;
  const uint16_t number = load_be16(&d[3]);
  if (organisation == 0 || organisation == kBridges) return by_ether_type(w, number, d.subspan(5));
  const OwnProtocol own{organisation, number};
  return undecoded(w, std::ranges::find(kOwnControl, own) != std::end(kOwnControl));
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
  by_ether_type(w, load_be16(&d[2]), d.subspan(4));
  return true;
}

void note_unknown(Walk& w, UnknownProtocol::Kind kind, uint16_t number) {
  w.counters.unknown_protocols_max += !w.unknown.note(kind, number, w.packet->number);
}

}  // namespace

bool undecoded_type(Walk& w, uint16_t type) {
  const bool control = std::ranges::find(kControlTypes, type) != std::end(kControlTypes);
  if (!control) note_unknown(w, UnknownProtocol::Kind::ether_type, type);
  return undecoded(w, control);
}

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
      note_unknown(w, UnknownProtocol::Kind::link_type, link_type);
      return false;
  }
}

bool ethernet(Walk& w, Bytes d) {
  ++w.counters.ethernet;
  if (!w.layer()) return false;
  if (d.size() < 14) return w.invalid(Event::ethernet_pkt_too_small);
  if (!w.packet->ether) w.packet->ether = d.data();
  uint16_t type = load_be16(&d[12]);
  if (!network(w, type, d.subspan(14))) w.event(Event::ethernet_unknown_ethertype);
  return true;
}

bool llc(Walk& w, Bytes d) {
  constexpr uint8_t kIp = 0x06, kBridges = 0x42, kSnap = 0xaa, kIso = 0xfe;  // of both access points
  constexpr uint8_t kUnnumbered = 0x03, kPoll = 0x10;
  constexpr uint8_t kEndSystems = 0x82, kIntermediateSystems = 0x83;  // ISO/IEC TR 9577
  ++w.counters.llc;
  if (!w.layer()) return true;
  const bool unnumbered = d.size() >= 3 && (d[2] & ~kPoll) == kUnnumbered;
  // The others that are no numbered information set up, acknowledge, test: none carries anything.
  if (d.size() < 3 || (!unnumbered && d[2] & 1)) return undecoded(w, true);
  if (d[0] != d[1] || !unnumbered) return undecoded(w, false);
  switch (d[0]) {
    case kIp: return network(w, ether_type::ipv4, d.subspan(3));
    case kSnap: return snap(w, d.subspan(3));
    case kBridges: return undecoded(w, true);
    case kIso: return undecoded(w, d.size() > 3 && (d[3] == kEndSystems || d[3] == kIntermediateSystems));
    default: return undecoded(w, false);
  }
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
      return undecoded_type(w, type);
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
