// FirstSegment: the first payload of a connection, kept until it is known whether more comes.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sensor/decode/packet.h"
#include "sensor/event/chunk.h"
#include "sensor/flow/flow.h"

namespace lapwing {

/// What the flow table counts of a flow, in the flow's own directions.
struct FlowCount {
  explicit FlowCount(const Flow& flow)
      : last(flow.last),
        packets(flow.packets),
        bytes(flow.bytes),
        tcp_flags(flow.tcp_flags),
        client_side(flow.client_side) {}
  /// Whatever `flow` takes for its directions.
  void bring(Flow& flow) const;
  /// The same side as that of the flow, which may take its directions otherwise by now.
  Direction as_of(const Flow& flow, Direction direction) const {
    return flow.client_side == client_side ? direction : reverse(direction);
  }

  Timestamp last;
  std::array<uint64_t, 2> packets, bytes;
  std::array<uint8_t, 2> tcp_flags;
  uint8_t client_side;
};

/// Of a packet of TCP what a stream engine reads, and from whom it came [W].
class FirstSegment {
 public:
  FirstSegment(const Packet& packet, const Flow& flow, Direction direction);
  /// As if it came at `when`: seconds before may be sealed. Views this one.
  Packet packet(Timestamp when) const;
  const FlowCount& count() const { return count_; }
  Direction direction() const { return direction_; }
  size_t bytes() const { return sizeof *this + payload_.size(); }

 private:
  FlowCount count_;
  Direction direction_;  // as the flow had it then
  uint64_t number_;
  IpAddress src_, dst_;
  uint32_t seq_, ack_;
  TcpOptions options_;
  uint16_t src_port_, dst_port_, window_, urgent_, interface_;
  uint8_t tcp_flags_;
  bool bad_checksum_;
  std::string ether_;  // the header, or nothing
  std::string payload_;
};

}  // namespace lapwing
