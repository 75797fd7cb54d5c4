#include "sensor/decode/decode.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "sensor/decode/walk.h"

namespace lapwing {
namespace decoding {

void reset(Packet& packet) {
  static_assert(std::is_trivially_copyable_v<Packet> && std::is_standard_layout_v<Packet>);
  std::memset(static_cast<void*>(&packet), 0, offsetof(Packet, tunnels));
  packet.link_type = Packet{}.link_type;  // the only field that does not begin as zero
}

bool open_tunnel(Walk& w, TunnelKind kind, LayerDecoder decoder, Bytes data) {
  Packet& outer = *w.packet;
  if (outer.dropped) return false;
  if (w.layers + 1 >= w.plan.max_layers) {
    ++w.counters.too_many_layers;
    return w.invalid(Event::too_many_layers);
  }
  if (outer.tunnel_count == kMaxTunnel || w.used == w.inner.size()) {
    ++w.counters.max_tunnel;
    return w.invalid(Event::too_many_layers);
  }
  Packet& inner = w.inner[w.used];
  reset(inner);
  inner.frame = outer.frame;
  inner.time = outer.time;
  inner.number = outer.number;
  inner.wire_length = static_cast<uint32_t>(data.size());  // what carries it counts for the outer packet alone
  inner.link_type = outer.link_type;
  inner.interface = outer.interface;
  inner.defragmented = outer.defragmented;
  std::copy_n(outer.tunnels.begin(), outer.tunnel_count, inner.tunnels.begin());
  inner.tunnels[outer.tunnel_count] = {outer.src, outer.dst, outer.src_port, outer.dst_port, outer.proto, kind};
  inner.tunnel_count = static_cast<uint8_t>(outer.tunnel_count + 1);

  size_t used = w.used++;
  uint32_t layers = w.layers++;
  w.packet = &inner;
  bool good = decoder(w, data) && !(kind == TunnelKind::teredo && inner.invalid);
  w.packet = &outer;
  w.layers = layers;
  if (!good) w.used = used;
  return good;
}

}  // namespace decoding

using decoding::Walk;

bool UnknownProtocols::note(UnknownProtocol::Kind kind, uint16_t number, uint64_t frame) {
  const auto told = view();
  if (std::ranges::any_of(told, [&](const UnknownProtocol& other) { return other.is(kind, number); })) return true;
  if (count == known.size()) return false;
  known[count++] = {kind, number, frame};
  return true;
}

Decoder::Decoder(const DecodeConfig& config, ChecksumMode checksums)
    : plan_(make_decode_plan(config)), checksums_(checksums), verify_(checksums != ChecksumMode::none) {}

size_t Decoder::finish(const Walk& walk, DecodeTally& tally) {
  auto count = [&tally](const Packet& packet) {
    tally.counters.dropped += packet.dropped;
    for (uint8_t i = 0; i < packet.event_count; ++i) ++tally.events[static_cast<size_t>(packet.events[i])];
  };
  tally.counters.invalid += walk.first->invalid;  // frames, not the packets in their tunnels
  count(*walk.first);
  for (size_t i = 0; i < walk.used; ++i) count(walk.inner[i]);
  return walk.used + 1;
}

size_t Decoder::decode(const Frame& frame, DecodeTally& tally, Packet& first, std::span<Packet> inner) {
  DecodeCounters& counters = tally.counters;
  ++counters.pkts;
  counters.bytes += frame.data.size();
  counters.max_pkt_size = std::max<uint64_t>(counters.max_pkt_size, frame.data.size());
  decoding::reset(first);
  first.frame = frame.data;
  first.time = frame.time;
  first.number = frame.number;
  first.wire_length = frame.wire_length;
  first.link_type = frame.link_type;
  first.interface = frame.interface;
  Walk walk{.plan = plan_,
            .counters = counters,
            .unknown = unknown_,
            .first = &first,
            .inner = inner,
            .packet = &first,
            .verify = verify_,
            .automatic = checksums_ == ChecksumMode::automatic};
  decoding::frame(walk, frame.link_type, frame.data);
  size_t used = finish(walk, tally);
  if (&tally == &shared_ && counters.pkts == kChecksumSample) end_sample();
  return used;
}

size_t Decoder::decode_reassembled(Bytes ip, const Packet& last, Packet& first, std::span<Packet> inner) {
  decoding::reset(first);
  first.frame = last.frame;
  first.time = last.time;
  first.number = last.number;
  first.wire_length = last.wire_length;
  first.link_type = last.link_type;
  first.interface = last.interface;
  first.ether = last.ether;
  first.ether_type = last.ether_type;
  first.vlan_count = last.vlan_count;
  first.vlan = last.vlan;
  first.mpls_count = last.mpls_count;
  first.defragmented = true;
  first.tunnel_count = last.tunnel_count;
  std::copy_n(last.tunnels.begin(), last.tunnel_count, first.tunnels.begin());
  Walk walk{.plan = plan_,
            .counters = shared_.counters,
            .unknown = unknown_,
            .first = &first,
            .inner = inner,
            .packet = &first,
            .verify = verify_,
            .automatic = checksums_ == ChecksumMode::automatic};
  walk.layers = last.tunnel_count;
  decoding::ip(walk, ip);
  return finish(walk, shared_);
}

size_t Decoder::decode(const Frame& frame, std::span<Packet> out, Share share) {
  return decode(frame, share == Share::own ? own_ : shared_, out[0], out.subspan(1));
}

void Decoder::decode(const Frame& frame, Packet& packet) {
  size_t used = decode(frame, shared_, packet, inner_);
  if (used > 1) packet = inner_[used - 2];
}

size_t Decoder::decode_reassembled(Bytes ip, const Packet& last, std::span<Packet> out) {
  return decode_reassembled(ip, last, out[0], out.subspan(1));
}

void Decoder::decode_reassembled(Bytes ip, const Packet& last, Packet& packet) {
  size_t used = decode_reassembled(ip, last, packet, inner_);
  if (used > 1) packet = inner_[used - 2];
}

void Decoder::end_sample() {
  if (checksums_ == ChecksumMode::automatic && shared_.counters.bad_tcp_checksum * kChecksumRatio > kChecksumSample) {
    verify_ = false;
  }
}

}  // namespace lapwing
