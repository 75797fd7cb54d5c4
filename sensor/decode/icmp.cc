// ICMP (RFC 792), ICMPv6 (RFC 4443), IGMP (RFC 3376).
#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

void quote(Packet& p, const IpAddress& src, const IpAddress& dst, uint8_t proto, Bytes transport) {
  QuotedTuple& q = p.quoted;
  p.has_quoted = true;
  q.src = src;
  q.dst = dst;
  q.proto = proto;
  bool has_ports = proto == ip_proto::tcp || proto == ip_proto::udp || proto == ip_proto::sctp;
  if (has_ports && transport.size() >= 4) {
    q.src_port = load_be16(&transport[0]);
    q.dst_port = load_be16(&transport[2]);
  }
}

void quoted_ipv4(Walk& w, Bytes d) {
  if (d.size() < 20) return void(w.invalid(Event::icmpv4_ipv4_trunc_pkt));
  if (d[0] >> 4 != 4) return void(w.invalid(Event::icmpv4_ipv4_unknown_ver));
  size_t header = (d[0] & 15u) * 4;
  bool later_fragment = load_be16(&d[6]) & 0x1fff;
  Bytes transport = header < 20 || header > d.size() || later_fragment ? Bytes{} : d.subspan(header);
  quote(*w.packet, IpAddress::v4(&d[12]), IpAddress::v4(&d[16]), d[9], transport);
}

void quoted_ipv6(Walk& w, Bytes d) {
  if (d.size() < 40) return void(w.invalid(Event::icmpv6_ipv6_trunc_pkt));
  if (d[0] >> 4 != 6) return void(w.invalid(Event::icmpv6_ipv6_unknown_version));
  quote(*w.packet, IpAddress::v6(&d[8]), IpAddress::v6(&d[24]), d[6], d.subspan(40));
}

/// Fields that both versions share; false when the header is cut.
bool header(Walk& w, Bytes d, Event too_small, uint8_t proto) {
  if (d.size() < 8) return w.invalid(too_small);
  Packet& p = *w.packet;
  p.has_l4 = true;
  p.wants_flow = true;
  p.icmp_type = d[0];
  p.icmp_code = d[1];
  p.icmp_id = load_be16(&d[4]);
  p.icmp_seq = load_be16(&d[6]);
  p.l4_header = d.first(8);
  p.payload = d.subspan(8);
  if (w.verify) {
    uint16_t sum = proto == ip_proto::icmp ? checksum_sum(d) : transport_sum(p, d, proto);
    if (sum != 0xffff) {
      p.bad_checksum_l4 = true;
      p.dropped |= w.strict();
      ++w.counters.bad_icmp_checksum;
    }
  }
  return true;
}

}  // namespace

void icmpv4(Walk& w, Bytes d) {
  ++w.counters.icmpv4;
  if (!header(w, d, Event::icmpv4_pkt_too_small, ip_proto::icmp)) return;
  Packet& p = *w.packet;
  auto codes = [&](uint8_t last) {
    if (p.icmp_code > last) w.event(Event::icmpv4_unknown_code);
    return p.icmp_code <= last;
  };
  auto error = [&](uint8_t last_code) {
    if (codes(last_code) && !p.payload.empty()) quoted_ipv4(w, p.payload);
  };
  switch (p.icmp_type) {
    case 3: error(15); break;  // destination unreachable
    case 4:                    // source quench
      if (codes(0)) quoted_ipv4(w, p.payload);
      break;
    case 5: error(3); break;   // redirect
    case 11: error(1); break;  // time exceeded
    case 12: error(0); break;  // parameter problem
    case 9: break;             // router advertisement
    case 13:                   // timestamp and its reply hold three times
    case 14:
      if (codes(0) && d.size() < 20) w.event(Event::icmpv4_ipv4_trunc_pkt);
      break;
    case 0:
    case 8:
    case 15:
    case 16:
    case 17:
    case 18: codes(0); break;
    default: w.event(Event::icmpv4_unknown_type);
  }
}

void icmpv6(Walk& w, Bytes d) {
  ++w.counters.icmpv6;
  if (!header(w, d, Event::icmpv6_pkt_too_small, ip_proto::icmpv6)) return;
  Packet& p = *w.packet;
  auto codes = [&](uint8_t last) {
    if (p.icmp_code > last) w.event(Event::icmpv6_unknown_code);
    return p.icmp_code <= last;
  };
  auto error = [&](uint8_t last_code) {
    if (codes(last_code)) quoted_ipv6(w, p.payload);
  };
  uint8_t type = p.icmp_type;
  switch (type) {
    case 1: return error(6);  // destination unreachable
    case 2: return error(0);  // packet too big
    case 3: return error(1);  // time exceeded
    case 4: return error(2);  // parameter problem
    case 130:                 // multicast listener discovery: link-local only (RFC 2710 section 3)
    case 131:
    case 132:
      codes(0);
      if (p.ttl != 1) w.event(Event::icmpv6_mld_message_with_invalid_hl);
      return;
    case 138:  // router renumbering: 255 is a sequence number reset
      if (p.icmp_code != 255) codes(2);
      return;
    case 139:  // node information
    case 140: return void(codes(2));
    case 150:  // experimental mobility; multicast router discovery, whose code is an interval
    case 151:
    case 152:
    case 153: return;
    case 155: return void(codes(3));  // RPL control
    case 100:
    case 101:
    case 200:
    case 201: return w.event(Event::icmpv6_experimentation_type);
    case 0:
    case 127: return w.event(Event::icmpv6_unknown_type);
    default: break;
  }
  if (type >= 128 && type < 160) {
    codes(0);
  } else {
    w.event(Event::icmpv6_unassigned_type);
  }
}

void igmp(Walk& w, Bytes d) {
  enum Type : uint8_t { kQuery = 0x11, kV1Report = 0x12, kV2Report = 0x16, kLeave = 0x17, kV3Report = 0x22 };
  ++w.counters.igmp;
  if (d.size() < 8) return void(w.invalid(Event::igmp_pkt_too_small));
  Packet& p = *w.packet;
  p.has_l4 = true;
  p.igmp_type = d[0];
  p.bad_checksum_l4 = w.verify && checksum_sum(d) != 0xffff;
  p.l4_header = d.first(8);
  p.payload = d.subspan(8);
  if (d[0] == kQuery && d.size() > 8 && d.size() < 12) return void(w.invalid(Event::igmp_v3_pkt_too_small));
  if (d[0] != kV3Report) return;
  Bytes records = d.subspan(8);  // RFC 3376 section 4.2: type, auxiliary words, number of sources, group
  for (uint16_t left = load_be16(&d[6]); left > 0; --left) {
    if (records.size() < 8) return void(w.invalid(Event::igmp_malformed));
    size_t size = 8 + 4u * load_be16(&records[2]) + 4u * records[1];
    if (size > records.size()) return void(w.invalid(Event::igmp_malformed));
    records = records.subspan(size);
  }
}

}  // namespace lapwing::decoding
