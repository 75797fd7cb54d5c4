#include "sensor/pipeline/first_segment.h"

#include "sensor/base/bytes.h"

namespace lapwing {
namespace {

constexpr size_t kEthernetHeader = 14;

}  // namespace

void FlowCount::bring(Flow& flow) const {
  const bool turned = flow.client_side != client_side;
  for (size_t side = 0; side < 2; ++side) {
    const size_t from = turned ? 1 - side : side;
    flow.packets[side] = packets[from];
    flow.bytes[side] = bytes[from];
    flow.tcp_flags[side] = tcp_flags[from];
  }
  flow.last = last;
}

FirstSegment::FirstSegment(const Packet& packet, const Flow& flow, Direction direction)
    : count_(flow),
      direction_(direction),
      number_(packet.number),
      src_(packet.src),
      dst_(packet.dst),
      seq_(packet.seq),
      ack_(packet.ack),
      options_(packet.tcp),
      src_port_(packet.src_port),
      dst_port_(packet.dst_port),
      window_(packet.window),
      urgent_(packet.urgent),
      interface_(packet.interface),
      tcp_flags_(packet.tcp_flags),
      bad_checksum_(packet.bad_checksum_ip || packet.bad_checksum_l4),
      ether_(packet.ether ? to_text(Bytes(packet.ether, kEthernetHeader)) : std::string_view()),
      payload_(to_text(packet.payload)) {
  options_.sack = {};
}

Packet FirstSegment::packet(Timestamp when) const {
  Packet out;
  out.time = when;
  out.number = number_;
  out.interface = interface_;
  if (!ether_.empty()) out.ether = to_bytes(ether_).data();
  out.ip_version = src_.version;
  out.proto = ip_proto::tcp;
  out.bad_checksum_l4 = bad_checksum_;
  out.src = src_;
  out.dst = dst_;
  out.has_l4 = true;
  out.src_port = src_port_;
  out.dst_port = dst_port_;
  out.payload = to_bytes(payload_);
  out.seq = seq_;
  out.ack = ack_;
  out.window = window_;
  out.urgent = urgent_;
  out.tcp_flags = tcp_flags_;
  out.tcp = options_;
  return out;
}

}  // namespace lapwing
