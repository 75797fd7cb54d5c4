// IPv4 (RFC 791).
#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

constexpr size_t kEthernetMtu = 1500;

/// A card that is to fill in the header's checksum is to finish the transport's too.
bool left_to_card(const Packet& p) {
  const size_t field = p.proto == ip_proto::tcp ? 16 : p.proto == ip_proto::udp ? 6 : SIZE_MAX;
  if (load_be16(&p.ip_header[10]) != 0 || p.ip_payload.size() < 20 || field == SIZE_MAX) return false;
  return unfinished_sum(p, p.ip_payload, p.proto, &p.ip_payload[field]);
}

void transport(Walk& w, uint8_t proto, Bytes d) {
  Packet& p = *w.packet;
  switch (proto) {
    case ip_proto::tcp: return tcp(w, d);
    case ip_proto::udp: return udp(w, d);
    case ip_proto::icmp: return icmpv4(w, d);
    case ip_proto::sctp: return sctp(w, d);
    case ip_proto::gre: return gre(w, d);
    case ip_proto::esp: return esp(w, d);
    case ip_proto::igmp: return igmp(w, d);
    case ip_proto::ipv6:
      w.counters.ipv6_in_ipv4 += open_tunnel(w, TunnelKind::six_in_four, ipv6, d);
      p.wants_flow = true;
      return;
    case ip_proto::ipip: w.counters.ipv4_in_ipv4 += open_tunnel(w, TunnelKind::four_in_four, ipv4, d); return;
    case ip_proto::ah: {  // RFC 4302: the next header follows, in the same packet
      size_t size = d.size() < 2 ? 0 : (d[1] + 2u) * 4;
      if (size < 12 || size > d.size()) return;
      ++w.counters.ah;
      p.proto = d[0];
      p.ip_payload = d.subspan(size);
      if (p.proto != ip_proto::ah) transport(w, p.proto, p.ip_payload);
      return;
    }
    case ip_proto::icmpv6: w.invalid(Event::ipv4_icmpv6); return;
    case 0: return;
    default: w.event(Event::ipv4_unknown_protocol);
  }
}

}  // namespace

bool ipv4(Walk& w, Bytes d) {
  ++w.counters.ipv4;
  if (!w.layer()) return false;
  if (d.size() < 20) return w.invalid(Event::ipv4_pkt_too_small);
  if (d[0] >> 4 != 4) return w.invalid(Event::ipv4_wrong_ip_version);
  size_t header = (d[0] & 15u) * 4, total = load_be16(&d[2]);
  bool complete = true;
  if (header < 20) return w.invalid(Event::ipv4_hlen_too_small);
  // The capturing host hands large TCP packets to its card with the length still to be filled in.
  if (total == 0 && d.size() > kEthernetMtu && d.size() <= UINT16_MAX && d[9] == ip_proto::tcp) {
    ++w.counters.segmentation_offload;
    total = d.size();
    complete = false;
  }
  if (total < header) return w.invalid(Event::ipv4_iplen_smaller_than_hlen);
  if (total > d.size()) return w.invalid(Event::ipv4_trunc_pkt);
  if (header > 20 && !ipv4_options(w, d.subspan(20, header - 20))) return false;

  Packet& p = *w.packet;
  p.ether_type = ether_type::ipv4;
  p.ip_version = 4;
  p.ip = d.first(total);
  p.ip_header = d.first(header);
  p.ip_payload = p.ip.subspan(header);
  p.tos = d[1];
  p.ip_id = load_be16(&d[4]);
  uint16_t fragment = load_be16(&d[6]);
  p.dont_fragment = fragment & 0x4000;
  p.more_fragments = fragment & 0x2000;
  p.fragment_offset = static_cast<uint16_t>((fragment & 0x1fff) << 3);
  p.ttl = d[8];
  p.proto = d[9];
  p.src = IpAddress::v4(&d[12]);
  p.dst = IpAddress::v4(&d[16]);
  if (w.verify && complete && checksum_sum(p.ip_header) != 0xffff) {
    if (w.automatic && left_to_card(p)) {
      ++w.counters.checksum_offload;
    } else {
      p.bad_checksum_ip = p.dropped = true;  // RFC 1122, section 3.2.1.2
      ++w.counters.bad_ip_checksum;
    }
  }
  if (p.more_fragments || p.fragment_offset) {
    p.is_fragment = true;
    return true;
  }
  transport(w, p.proto, p.ip_payload);
  return true;
}

bool ip(Walk& w, Bytes d) {
  return !d.empty() && d[0] >> 4 == 6 ? ipv6(w, d) : ipv4(w, d);
}

}  // namespace lapwing::decoding
