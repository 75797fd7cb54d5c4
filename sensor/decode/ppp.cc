// PPP (RFC 1661, 1662) and PPPoE (RFC 2516).
#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

/// What Suricata knows by number and does not decode.
bool known_unsupported(uint16_t protocol) {
  switch (protocol) {
    case 0x0023:  // OSI, XNS, DECnet, AppleTalk, IPX, compressed TCP, bridging, ST-II, Vines
    case 0x0025:
    case 0x0027:
    case 0x0029:
    case 0x002b:
    case 0x002d:
    case 0x0031:
    case 0x0033:
    case 0x0035:
    case 0x0201:
    case 0x0231:
    case 0x0233:
    case 0x0281:  // MPLS
    case 0x0283:
    case 0x8023:  // their control protocols
    case 0x8025:
    case 0x8027:
    case 0x8029:
    case 0x802b:
    case 0x8033:
    case 0x8035:
    case 0x8281: return true;
    default: return false;
  }
}

/// What every session says to come up, which holds no packet.
bool controls_link(uint16_t protocol) {
  switch (protocol) {
    case 0x8021:  // IPv4, IPv6, encryption, compression, Cisco discovery
    case 0x8053:
    case 0x8057:
    case 0x80fd:
    case 0x8207:
    case 0xc021:  // link, PAP, link quality, callback, bandwidth, CHAP, EAP
    case 0xc023:
    case 0xc025:
    case 0xc029:
    case 0xc02b:
    case 0xc223:
    case 0xc227: return true;
    default: return false;
  }
}

/// Protocol field of two bytes, or of one when its lowest bit is set (RFC 1661 section 6.5), then the packet.
bool ppp_protocol(Walk& w, Bytes d, bool over_ethernet) {
  size_t size = !d.empty() && (d[0] & 1) ? 1 : 2;
  if (d.size() < size) return w.invalid(Event::ppp_pkt_too_small);
  uint16_t protocol = size == 1 ? d[0] : load_be16(d.data());
  d = d.subspan(size);
  switch (protocol) {
    case 0x21:
      if (d.size() < 20) return w.invalid(Event::ppp_ip4_pkt_too_small);
      return ipv4(w, d);
    case 0x57:
      if (d.size() < 40) return w.invalid(Event::ppp_ip6_pkt_too_small);
      return ipv6(w, d);
    case 0x2f:  // Van Jacobson uncompressed: an IP packet whose protocol field names a connection (RFC 1144)
      if (d.size() < 20) return w.invalid(Event::ppp_vju_pkt_too_small);
      return d[0] >> 4 == 4 ? ipv4(w, d) : true;
    default: break;
  }
  if (controls_link(protocol)) return true;
  // Compressed data is known on plain links only, where also no one-byte protocol is wrong.
  bool plain_link_only = size == 1 || protocol == 0x00fd;
  if (known_unsupported(protocol) || (!over_ethernet && plain_link_only)) {
    w.event(Event::ppp_unsup_proto);
  } else {
    w.invalid(Event::ppp_wrong_type);
  }
  return true;
}

}  // namespace

bool ppp(Walk& w, Bytes d) {
  ++w.counters.ppp;
  if (!w.layer()) return false;
  if (d.empty()) return w.invalid(Event::ppp_pkt_too_small);
  bool has_address = d[0] == 0xff;  // address and control field, absent when compressed away
  if (has_address && d.size() < 4) return w.invalid(Event::ppp_pkt_too_small);
  return ppp_protocol(w, d.subspan(has_address ? 2 : 0), false);
}

bool pppoe_session(Walk& w, Bytes d) {
  ++w.counters.pppoe;
  if (d.size() < 8) return w.invalid(Event::pppoe_pkt_too_small);
  if (load_be16(&d[4]) == 0) return true;
  return ppp_protocol(w, d.subspan(6), true);
}

bool pppoe_discovery(Walk& w, Bytes d) {
  ++w.counters.pppoe;
  if (d.size() < 6) return w.invalid(Event::pppoe_pkt_too_small);
  switch (d[1]) {
    case 0x07:
    case 0x09:
    case 0x19:
    case 0x65:
    case 0xa7: break;
    default: return w.invalid(Event::pppoe_wrong_code);
  }
  size_t length = load_be16(&d[4]);
  if (length > d.size() - 6) return w.invalid(Event::pppoe_malformed_tags);
  return true;
}

}  // namespace lapwing::decoding
