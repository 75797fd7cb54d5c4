// IPv6 extension headers, and the transport behind them.
#include <algorithm>

#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

namespace header {
inline constexpr uint8_t hop_by_hop = 0, routing = 43, fragment = 44, none = 59, destination = 60, mobility = 135,
                         hip = 139, shim6 = 140;
}

/// The highest bits of an option's type say what becomes of a packet whose receiver does not know it: 0 only lets the
/// packet be (RFC 8200, section 4.2). No system knows what IANA has not assigned.
bool known_by_nobody(uint8_t type, bool hop_by_hop) {
  switch (type) {
    case 0xc2: return !hop_by_hop;  // jumbo payload
    case 0x63:                      // RPL (RFC 6553)
    case 0x6d:                      // MPL (RFC 7731)
    case 0x8a:                      // endpoint identification
    case 0x8b:                      // ILNP nonce (RFC 6744)
    case 0x8c:                      // line identification (RFC 6788)
    case 0xc9:                      // home address
    case 0xee: return false;        // depth-first forwarding (RFC 6971)
    default: return type & 0xc0;
  }
}

/// Options of a hop-by-hop or destination options header (RFC 8200 section 4.2). `tell`: what is wrong is an event.
void options(Walk& w, bool hop_by_hop, Bytes d, bool tell) {
  constexpr size_t kMaxPadding = 7;  // what aligns to 8 bytes
  Packet& p = *w.packet;
  bool padding = false, other = false;
  size_t run = 0;
  auto event = [&](Event e) {
    if (tell) w.event(e);
  };
  auto broken = [&] {
    if (tell) w.invalid(Event::ipv6_exthdr_invalid_optlen);
    p.dropped = true;
  };
  auto pad = [&](Bytes bytes) {
    padding = true;
    run += bytes.size();
    bool zeros =
        std::ranges::all_of(bytes.subspan(std::min<size_t>(bytes.size(), 2)), [](uint8_t b) { return b == 0; });
    if (run > kMaxPadding || !zeros) p.host_drops |= host_drop::padding;
  };
  for (size_t i = 0; i < d.size();) {
    uint8_t type = d[i];
    if (type == 0) {  // Pad1
      pad(d.subspan(i++, 1));
      continue;
    }
    // Lets the last option be one byte too long, as Suricata does, though no host does; nothing reads its data.
    if (i + 1 >= d.size() || i + 1 + d[i + 1] > d.size()) {
      broken();
      break;
    }
    uint8_t size = d[i + 1], least = 0;
    if (i + 2 + size > d.size()) p.dropped = true;
    if (type == 1) pad(d.subspan(i, std::min<size_t>(2u + size, d.size() - i)));
    i += 2u + size;
    if (type == 1) {  // PadN
      if (size == 0) event(Event::ipv6_zero_len_padn);
      continue;
    }
    run = 0;
    if (known_by_nobody(type, hop_by_hop)) p.dropped = true;
    switch (type) {
      case 0x05: least = 2; break;   // router alert (RFC 2711)
      case 0xc2: least = 4; break;   // jumbo payload (RFC 2675)
      case 0xc9: least = 16; break;  // home address (RFC 6275)
      default: event(hop_by_hop ? Event::ipv6_hopopts_unknown_opt : Event::ipv6_dstopts_unknown_opt);
    }
    if (size < least) {
      broken();
      break;
    }
    other |= type != 0xc2;  // a jumbogram is not counted as more than padding, as Suricata does
  }
  if (padding && !other) event(hop_by_hop ? Event::ipv6_hopopts_only_padding : Event::ipv6_dstopts_only_padding);
}

void ip_inside(Walk& w, Bytes d, bool version4) {
  size_t least = version4 ? 20 : 40;
  if (d.size() < least) {
    w.invalid(version4 ? Event::ipv6_ipv4_in_ipv6_too_small : Event::ipv6_ipv6_in_ipv6_too_small);
  } else if (d[0] >> 4 != (version4 ? 4 : 6)) {
    w.event(version4 ? Event::ipv6_ipv4_in_ipv6_wrong_version : Event::ipv6_ipv6_in_ipv6_wrong_version);
  } else if (version4) {
    w.counters.ipv4_in_ipv6 += open_tunnel(w, TunnelKind::four_in_six, ipv4, d);
  } else {
    w.counters.ipv6_in_ipv6 += open_tunnel(w, TunnelKind::six_in_six, ipv6, d);
  }
}

/// Whether every host drops the packet: it came here by a route it has not done with, of a type that is forbidden
/// (RFC 5095) or that nobody knows (RFC 8200, section 4.4). Types 2 to 4 are for hosts set up for them.
bool unfinished_route(Bytes d) {
  const uint8_t type = d[2], segments_left = d[3];
  return segments_left != 0 && (type < 2 || type > 4);
}

/// Reads the fragment header; true when the packet is a fragment and ends here.
bool fragment(Walk& w, Bytes d) {
  Packet& p = *w.packet;
  if (d[1] != 0) w.event(Event::ipv6_fh_non_zero_reserved_field);
  uint16_t field = load_be16(&d[2]);
  p.fragment_offset = field & 0xfff8;
  p.more_fragments = field & 1;
  p.ip_id = load_be32(&d[4]);
  if (p.more_fragments && (d.size() - 8) % 8 != 0) w.event(Event::ipv6_frag_invalid_length);
  if (!p.more_fragments && p.fragment_offset == 0) {
    w.event(Event::ipv6_exthdr_useless_fh);
    return false;
  }
  p.is_fragment = true;  // its protocol stays that of this header: the whole packet tells what it carries
  p.ip_payload = d.subspan(8);
  return true;
}

}  // namespace

void ipv6_extensions(Walk& w, uint8_t next, Bytes d) {
  Packet& p = *w.packet;
  enum Seen : uint8_t { hop = 1, route = 2, fragmented = 4, ah = 8, destination1 = 16, destination2 = 32 };
  uint8_t seen = 0;
  // Every turn takes at least 8 bytes of at most 64 KB; the real limit is the length of the packet.
  for (;;) {
    p.proto = next;
    p.ip_payload = d;
    bool after_extension = d.data() != p.ip_header.data() + p.ip_header.size();
    if (d.size() < 2 && (after_extension ? next != header::none : next == ip_proto::esp)) {
      return void(w.invalid(Event::ipv6_trunc_exthdr));
    }
    switch (next) {
      case ip_proto::tcp: return tcp(w, d);
      case ip_proto::udp: return udp(w, d);
      case ip_proto::icmpv6: return icmpv6(w, d);
      case ip_proto::sctp: return sctp(w, d);
      case ip_proto::gre: return gre(w, d);
      case ip_proto::ipip: return ip_inside(w, d, true);
      case ip_proto::ipv6: return ip_inside(w, d, false);
      case ip_proto::esp: return esp(w, d);
      case ip_proto::icmp: return w.event(Event::ipv6_icmpv4);
      case header::none:
        if (!d.empty()) w.event(Event::ipv6_data_after_none_header);
        return;
      case header::hop_by_hop:
      case header::destination:
      case header::routing:
      case header::fragment:
      case header::mobility:
      case header::hip:
      case header::shim6:
      case ip_proto::ah: break;
      default: return w.event(Event::ipv6_unknown_next_header);
    }
    if (d.size() < 8) return void(w.invalid(Event::ipv6_trunc_exthdr));
    size_t size = (d[1] + 1u) * 8;
    if (next == header::fragment) size = 8;
    if (next == ip_proto::ah) size = std::max((d[1] + 2u) * 4, 12u);  // RFC 4302 section 2.2
    if (size > d.size()) return void(w.invalid(Event::ipv6_trunc_exthdr));

    // A header that comes again is an event; no other is told of it.
    auto once = [&](Seen bit, Event duplicate) {
      if (seen & bit) w.event(duplicate);
      bool first = !(seen & bit);
      seen |= bit;
      return first;
    };
    switch (next) {
      case header::hop_by_hop:
        if (after_extension) p.dropped = true;  // RFC 8200, section 4.1
        options(w, true, d.first(size).subspan(2), once(hop, Event::ipv6_exthdr_dupl_hh));
        break;
      case header::destination:  // may stand before and after a routing header
        if (!(seen & destination1)) {
          seen |= destination1;
          options(w, false, d.first(size).subspan(2), true);
        } else {
          options(w, false, d.first(size).subspan(2), once(destination2, Event::ipv6_exthdr_dupl_dh));
        }
        break;
      case header::routing:
        if (once(route, Event::ipv6_exthdr_dupl_rh) && d[2] == 0) w.event(Event::ipv6_rh_type_0);
        if (unfinished_route(d)) p.dropped = true;
        break;
      case header::fragment:
        if (!once(fragmented, Event::ipv6_exthdr_dupl_fh) || w.reassembled()) {
          p.host_drops |= host_drop::fragment_header;
        }
        if (fragment(w, d)) {
          // Fragments of fragments only within a tunnel: each level would copy 64 KB for 8 bytes.
          p.dropped |= w.reassembled();
          return;
        }
        break;
      case ip_proto::ah:
        ++w.counters.ah;
        if (load_be16(&d[2]) != 0) w.event(Event::ipv6_exthdr_ah_res_not_null);
        once(ah, Event::ipv6_exthdr_dupl_ah);
        break;
      default: break;
    }
    next = d[0];
    d = d.subspan(size);
  }
}

}  // namespace lapwing::decoding
