// IPv6 extension headers, and the transport behind them.
#include <algorithm>

#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

namespace header {
inline constexpr uint8_t hop_by_hop = 0, routing = 43, fragment = 44, none = 59, destination = 60, mobility = 135,
                         hip = 139, shim6 = 140;
}

/// Options of a hop-by-hop or destination options header (RFC 8200 section 4.2).
void options(Walk& w, bool hop_by_hop, Bytes d) {
  bool padding = false, other = false;
  for (size_t i = 0; i < d.size();) {
    uint8_t type = d[i];
    if (type == 0) {  // Pad1
      padding = true;
      ++i;
      continue;
    }
    // Lets the last option be one byte too long, as Suricata does; nothing reads its data.
    if (i + 1 >= d.size() || i + 1 + d[i + 1] > d.size()) {
      w.invalid(Event::ipv6_exthdr_invalid_optlen);
      break;
    }
    uint8_t size = d[i + 1], least = 0;
    i += 2u + size;
    if (type == 1) {  // PadN
      padding = true;
      if (size == 0) w.event(Event::ipv6_zero_len_padn);
      continue;
    }
    switch (type) {
      case 0x05: least = 2; break;   // router alert (RFC 2711)
      case 0xc2: least = 4; break;   // jumbo payload (RFC 2675)
      case 0xc9: least = 16; break;  // home address (RFC 6275)
      default: w.event(hop_by_hop ? Event::ipv6_hopopts_unknown_opt : Event::ipv6_dstopts_unknown_opt);
    }
    if (size < least) {
      w.invalid(Event::ipv6_exthdr_invalid_optlen);
      break;
    }
    other |= type != 0xc2;  // a jumbogram is not counted as more than padding, as Suricata does
  }
  if (padding && !other) w.event(hop_by_hop ? Event::ipv6_hopopts_only_padding : Event::ipv6_dstopts_only_padding);
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
  p.is_fragment = true;
  p.proto = d[0];
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

    // A header that comes again is an event and is passed over.
    auto once = [&](Seen bit, Event duplicate) {
      if (seen & bit) w.event(duplicate);
      bool first = !(seen & bit);
      seen |= bit;
      return first;
    };
    switch (next) {
      case header::hop_by_hop:
        if (once(hop, Event::ipv6_exthdr_dupl_hh)) options(w, true, d.first(size).subspan(2));
        break;
      case header::destination:  // may stand before and after a routing header
        if (!(seen & destination1)) {
          seen |= destination1;
          options(w, false, d.first(size).subspan(2));
        } else if (once(destination2, Event::ipv6_exthdr_dupl_dh)) {
          options(w, false, d.first(size).subspan(2));
        }
        break;
      case header::routing:
        if (once(route, Event::ipv6_exthdr_dupl_rh) && d[2] == 0) w.event(Event::ipv6_rh_type_0);
        break;
      case header::fragment:
        if (once(fragmented, Event::ipv6_exthdr_dupl_fh) && fragment(w, d)) return;
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
