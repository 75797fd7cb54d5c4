// TCP (RFC 9293).
#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

constexpr uint16_t kFastOpenExperiment = 0xf989;  // RFC 7413, appendix A

/// The checks of lengths are Suricata's: the option's event, and the option is passed over. Hosts take the segment.
void options(Walk& w, Bytes o) {
  enum Kind : uint8_t {
    kEnd,
    kNop,
    kMss,
    kWindowScale,
    kSackPermitted,
    kSack,
    kTimestamp = 8,
    kMd5 = 19,
    kAo = 29,
    kFastOpen = 34,
    kExperiment1 = 253,
    kExperiment2 = 254
  };
  TcpOptions& out = w.packet->tcp;
  bool seen_sack = false, seen_fast_open = false;
  while (!o.empty()) {
    if (o[0] == kEnd) return;
    if (o[0] == kNop) {
      o = o.subspan(1);
      continue;
    }
    if (o.size() < 2) return;
    size_t size = o[1];
    if (size < 2 || size > o.size()) {
      w.event(Event::tcp_opt_invalid_len);
      w.packet->host_drops |= host_drop::tcp_option;
      return;
    }
    Bytes option = o.first(size);
    o = o.subspan(size);
    auto take = [&](bool fits, bool& seen) {
      if (!fits) {
        w.event(Event::tcp_opt_invalid_len);
      } else if (seen) {
        w.event(Event::tcp_opt_duplicate);
      } else {
        return seen = true;
      }
      return false;
    };
    auto authenticates = [&](bool fits) {
      if (fits) return;
      w.event(Event::tcp_opt_invalid_len);
      w.packet->host_drops |= host_drop::tcp_option;
    };
    switch (option[0]) {
      case kMss:
        if (take(size == 4, out.has_mss)) out.mss = load_be16(&option[2]);
        break;
      case kWindowScale:
        if (take(size == 3, out.has_wscale)) out.wscale = option[2];
        break;
      case kSackPermitted: take(size == 2, out.sack_permitted); break;
      case kTimestamp:
        if (take(size == 10, out.has_timestamp)) {
          out.ts_value = load_be32(&option[2]);
          out.ts_echo = load_be32(&option[6]);
        }
        break;
      case kSack:
        if (take((size - 2) % 8 == 0, seen_sack)) out.sack = option.subspan(2);
        break;
      case kFastOpen: take(size <= 18 && size % 2 == 0, seen_fast_open); break;
      case kMd5:
        authenticates(size == 18);
        out.is_signed |= size == 18;
        break;
      case kExperiment1:  // RFC 6994: an identifier tells whose it is, and who reads it how long it may be
      case kExperiment2:
        if (size < 4 || (load_be16(&option[2]) == kFastOpenExperiment && (size > 20 || size % 2 != 0))) {
          w.event(Event::tcp_opt_invalid_len);
        }
        break;
      case kAo: authenticates(size >= 4); break;
      default: break;  // others, those of accurate ECN (RFC 9768) among them, say nothing of the stream
    }
  }
}

}  // namespace

void tcp(Walk& w, Bytes d) {
  ++w.counters.tcp;
  if (d.size() < 20) return void(w.invalid(Event::tcp_pkt_too_small));
  size_t header = (d[12] >> 4) * 4u;
  if (header > d.size()) return void(w.invalid(Event::tcp_hlen_too_small));
  if (header < 20) return void(w.invalid(Event::tcp_invalid_optlen));

  Packet& p = *w.packet;
  p.has_l4 = true;
  p.wants_flow = true;
  p.src_port = load_be16(&d[0]);
  p.dst_port = load_be16(&d[2]);
  p.seq = load_be32(&d[4]);
  p.ack = load_be32(&d[8]);
  p.tcp_flags = d[13];
  p.window = load_be16(&d[14]);
  p.urgent = load_be16(&d[18]);
  p.l4_header = d.first(header);
  p.payload = d.subspan(header);
  if (header > 20) options(w, d.subspan(20, header - 20));
  if (w.verify && transport_sum(p, d, ip_proto::tcp) != 0xffff) {
    p.bad_checksum_l4 = !w.automatic || !unfinished_sum(p, d, ip_proto::tcp, &d[16]);
    ++(p.bad_checksum_l4 ? w.counters.bad_tcp_checksum : w.counters.checksum_offload);
  }
}

}  // namespace lapwing::decoding
