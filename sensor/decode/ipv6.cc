// IPv6 (RFC 8200): the fixed header and where it leads.
#include "sensor/decode/walk.h"

namespace lapwing::decoding {

bool ipv6(Walk& w, Bytes d) {
  ++w.counters.ipv6;
  if (!w.layer()) return false;
  if (d.size() < 40) return false;  // Suricata has an event for it and never raises it
  if (d[0] >> 4 != 6) return w.invalid(Event::ipv6_wrong_ip_version);
  size_t length = load_be16(&d[4]);
  if (length > d.size() - 40) return w.invalid(Event::ipv6_trunc_pkt);

  Packet& p = *w.packet;
  p.ether_type = ether_type::ipv6;
  p.ip_version = 6;
  p.ip = d.first(40 + length);
  p.ip_header = d.first(40);
  p.ip_payload = p.ip.subspan(40);
  p.tos = static_cast<uint8_t>(load_be16(&d[0]) >> 4);
  p.ttl = d[7];
  p.src = IpAddress::v6(&d[8]);
  p.dst = IpAddress::v6(&d[24]);
  ipv6_extensions(w, d[6], p.ip_payload);
  return true;
}

}  // namespace lapwing::decoding
