// UDP (RFC 768), SCTP (RFC 9260) and ESP (RFC 4303).
#include "sensor/decode/walk.h"

namespace lapwing::decoding {

void udp(Walk& w, Bytes d) {
  ++w.counters.udp;
  if (d.size() < 8) return void(w.invalid(Event::udp_hlen_too_small));
  size_t length = load_be16(&d[4]);
  if (length > d.size()) return void(w.invalid(Event::udp_pkt_too_small));
  if (length < 8) return void(w.invalid(Event::udp_len_invalid));

  Packet& p = *w.packet;
  p.has_l4 = true;
  p.wants_flow = true;
  p.src_port = load_be16(&d[0]);
  p.dst_port = load_be16(&d[2]);
  p.l4_header = d.first(8);
  p.payload = d.subspan(8, length - 8);
  bool has_checksum = d[6] | d[7];
  if (w.verify && has_checksum && transport_sum(p, d.first(length), ip_proto::udp) != 0xffff) {
    p.bad_checksum_l4 = !w.automatic || !unfinished_sum(p, d.first(length), ip_proto::udp, &d[6]);
    ++(p.bad_checksum_l4 ? w.counters.bad_udp_checksum : w.counters.checksum_offload);
  }
  udp_tunnel(w, p.payload);
  // Ends of tunnels do not always look at the sum; other hosts do, and over IPv6 one is due (RFC 8200, section 8.1).
  p.dropped |= w.strict() && (p.bad_checksum_l4 || (!has_checksum && p.ip_version == 6));
}

void sctp(Walk& w, Bytes d) {
  enum Chunk : uint8_t { kData = 0, kInit = 1, kInitAck = 2, kShutdownComplete = 14, kIData = 64 };
  constexpr size_t kMaxChunks = 64, kMaxDataChunks = 32;
  ++w.counters.sctp;
  if (d.size() < 12) return void(w.invalid(Event::sctp_pkt_too_small));
  Packet& p = *w.packet;
  p.has_l4 = true;
  p.wants_flow = true;
  p.src_port = load_be16(&d[0]);
  p.dst_port = load_be16(&d[2]);
  p.l4_header = d.first(12);
  p.payload = d.subspan(12);

  uint32_t tag = load_be32(&d[4]);
  size_t chunks = 0, data_chunks = 0;
  bool init = false;
  for (Bytes c = p.payload; !c.empty();) {
    if (c.size() < 4) return w.event(Event::sctp_chunk_too_small);
    size_t length = load_be16(&c[2]);
    if (length < 4 || length > c.size()) return w.event(Event::sctp_chunk_len_invalid);
    if (++chunks > kMaxChunks) return w.event(Event::sctp_too_many_chunks);
    bool data = c[0] == kData || c[0] == kIData;
    if (data && ++data_chunks > kMaxDataChunks) return w.event(Event::sctp_too_many_data_chunks);
    if (data && tag == 0 && data_chunks == 1) w.event(Event::sctp_data_with_zero_vtag);
    if (c[0] == kInit && tag != 0) w.event(Event::sctp_init_with_non_zero_vtag);
    init |= c[0] == kInit || c[0] == kInitAck || c[0] == kShutdownComplete;
    size_t padded = (length + 3) & ~size_t{3};
    c = padded < c.size() ? c.subspan(padded) : Bytes{};
  }
  if (init && chunks > 1) w.event(Event::sctp_init_chunk_bundled);  // RFC 9260 section 4.3
}

void esp(Walk& w, Bytes d) {
  ++w.counters.esp;
  if (d.size() < 8) return void(w.invalid(Event::esp_pkt_too_small));
  w.packet->has_l4 = true;
  w.packet->wants_flow = true;
  w.packet->l4_header = d.first(8);
  w.packet->payload = d.subspan(8);
}

}  // namespace lapwing::decoding
