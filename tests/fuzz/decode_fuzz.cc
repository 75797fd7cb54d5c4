// Any bytes as a frame of any link type: two bytes choose the type and the checksum mode.
#include <array>
#include <cstdlib>

#include "sensor/decode/decode.h"

using namespace lapwing;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const DecodeConfig kConfig = [] {
    DecodeConfig config = read_decode_config(Setting{});
    config.erspan_type1 = true;
    return config;
  }();
  static Decoder decoder(kConfig, ChecksumMode::all);
  static std::array<Packet, kMaxPackets> packets, again;
  static Packet one;
  if (size < 2) return 0;
  Frame frame{.data = {data + 2, size - 2}, .wire_length = static_cast<uint32_t>(size), .link_type = load_be16(data)};
  const auto peeked = decoder.peek(frame);
  size_t count = decoder.decode(frame, packets);
  if (count == 0 || count > packets.size()) std::abort();
  const Packet& first = packets[0];
  if (peeked && (count != 1 || first.ip_version == 0 || first.is_fragment || first.has_quoted ||
                 first.src != peeked->src || first.dst != peeked->dst)) {
    std::abort();
  }
  auto inside = [&](Bytes b) { return b.empty() || (b.data() >= data && b.data() + b.size() <= data + size); };
  for (size_t i = 0; i < count; ++i) {
    const Packet& p = packets[i];
    if (!inside(p.ip) || !inside(p.ip_header) || !inside(p.ip_payload) || !inside(p.l4_header) || !inside(p.payload) ||
        !inside(p.tcp.sack) || !inside(p.arp)) {
      std::abort();
    }
    if (p.tunnel_count != i || p.vlan_count > kMaxVlan || p.event_count > kMaxPacketEvents) std::abort();
    if (p.wants_flow && p.ip_version == 0) std::abort();
    if (p.ip_version != 0) {
      decoder.decode_reassembled(p.ip, p, again);
      if (again[0].ip_version != p.ip_version) std::abort();
    }
  }
  decoder.decode(frame, one);
  if (one.payload.data() != packets[count - 1].payload.data()) std::abort();
  return 0;
}
