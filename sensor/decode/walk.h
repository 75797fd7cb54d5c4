// The state of decoding one frame, and the layer decoders that pass it on. Private to the room.
#pragma once

#include "sensor/decode/decode.h"

namespace lapwing::decoding {

using Event = DecodeAnomaly;

namespace ether_type {
inline constexpr uint16_t ipv4 = 0x0800, arp = 0x0806, vlan = 0x8100, bridge = 0x6558, ipv6 = 0x86dd, ppp = 0x880b,
                          mpls = 0x8847, mpls_multicast = 0x8848, pppoe_discovery = 0x8863, pppoe_session = 0x8864,
                          provider_vlan = 0x88a8, erspan2 = 0x88be, erspan3 = 0x22eb, ieee8021ah = 0x88e7, dce = 0x8903,
                          vntag = 0x8926, etag = 0x893f, nsh = 0x894f, qinq = 0x9100, macsec = 0x88e5, wccp = 0x883e;
}

/// Layer decoders return false when the layer itself is too broken to be one; an enclosing tunnel then is none.
struct Walk {
  const DecodePlan& plan;
  DecodeCounters& counters;
  UnknownProtocols& unknown;
  Packet* first;            // of the frame
  std::span<Packet> inner;  // room for what is in tunnels
  size_t used = 0;          // of `inner`
  Packet* packet;           // being filled
  uint32_t layers = 0;
  bool verify = false;
  bool automatic = false;  // checksums that the capturing host left unfinished are no fault
  bool control = false;    // what nothing decodes carries no traffic

  void event(Event e) {
    if (!packet->add(e)) ++counters.max_packet_events;
  }
  /// A wrong sum of a datagram is the sender's: elsewhere who cut or masked a capture may have left it so, and a
  /// datagram too many hides none, as a segment does.
  bool strict() const { return verify && !automatic; }
  /// The packet at hand is what the defragmenter put together, not one inside it.
  bool reassembled() const { return packet->defragmented && packet == first; }
  /// Records the event and that the packet is broken; always false.
  bool invalid(Event e) {
    event(e);
    packet->invalid = true;
    return false;
  }
  /// The same of a tag before something that nothing decodes: the packet is whole where that carries no traffic.
  bool unknown_type(Event e) {
    event(e);
    packet->invalid |= !control;
    return false;
  }
  /// Counts one more layer; false at the limit.
  bool layer() {
    if (++layers < plan.max_layers) return true;
    ++counters.too_many_layers;
    return invalid(Event::too_many_layers);
  }
};

using LayerDecoder = bool (*)(Walk&, Bytes);

/// Makes every field as new but for the arrays behind a count.
void reset(Packet& packet);
/// Decodes `data` as a packet of its own inside the present one. False, with the present packet as it was, when the
/// data is no such packet or there are too many.
bool open_tunnel(Walk& w, TunnelKind kind, LayerDecoder decoder, Bytes data);

// link.cc, link_tags.cc, ppp.cc, wireless.cc
bool frame(Walk& w, uint16_t link_type, Bytes d);
/// Counts what nothing decodes; always false.
bool undecoded_type(Walk& w, uint16_t ether_type);
bool ethernet(Walk& w, Bytes d);
bool vlan(Walk& w, Bytes d);
bool mpls(Walk& w, Bytes d);
bool vntag(Walk& w, Bytes d);
bool etag(Walk& w, Bytes d);
bool ieee8021ah(Walk& w, Bytes d);
bool nsh(Walk& w, Bytes d);
bool macsec(Walk& w, Bytes d);
/// IEEE 802.2, behind a frame's addresses. False as `network`.
bool llc(Walk& w, Bytes d);
bool ieee80211(Walk& w, Bytes d, bool padded = false);
bool radiotap(Walk& w, Bytes d);
bool ppi(Walk& w, Bytes d);
bool nflog(Walk& w, Bytes d);
bool arp(Walk& w, Bytes d);
bool ppp(Walk& w, Bytes d);
bool pppoe_session(Walk& w, Bytes d);
bool pppoe_discovery(Walk& w, Bytes d);
/// What an EtherType, or the length in its place, leads to. False when nothing decodes it, which is counted.
bool network(Walk& w, uint16_t type, Bytes d);

// ipv4.cc, ipv4_options.cc, ipv6.cc, ipv6_extensions.cc
bool ipv4(Walk& w, Bytes d);
bool ipv4_options(Walk& w, Bytes options);
bool ipv6(Walk& w, Bytes d);
void ipv6_extensions(Walk& w, uint8_t next, Bytes d);
/// Either version, by the first nibble.
bool ip(Walk& w, Bytes d);

// Transport: `d` is the IP payload
void tcp(Walk& w, Bytes d);
void udp(Walk& w, Bytes d);
void sctp(Walk& w, Bytes d);
void icmpv4(Walk& w, Bytes d);
void icmpv6(Walk& w, Bytes d);
void igmp(Walk& w, Bytes d);
void esp(Walk& w, Bytes d);

// tunnels.cc, udp_tunnels.cc
void gre(Walk& w, Bytes d);
bool udp_tunnel(Walk& w, Bytes payload);

// checksum.cc
/// The folded one's complement sum (RFC 1071): 0xffff over a range that holds its own correct checksum.
uint16_t checksum_sum(Bytes bytes, uint64_t start = 0);
/// As above, with the pseudo header of the packet's addresses.
uint16_t transport_sum(const Packet& packet, Bytes segment, uint8_t proto);
/// The checksum field holds the pseudo header's sum alone, as Linux leaves it for a card that adds the rest.
bool unfinished_sum(const Packet& packet, Bytes segment, uint8_t proto, const uint8_t* field);

}  // namespace lapwing::decoding
