// PlainPacket: a frame of Ethernet, IPv4 or IPv6 and TCP or UDP with nothing between, to be written anew.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// Places within the frame's bytes.
struct PlainPacket {
  size_t ip = 0, transport = 0, payload = 0, end = 0;
  bool six = false, tcp = false;

  size_t size() const { return end - payload; }
};

/// None for whatever has options, extension headers, tags, tunnels or fragments, or was cut.
std::optional<PlainPacket> plain_packet(const test::BuiltFrame& frame);
/// Both ends, the same for both directions.
std::string connection_of(const test::BuiltFrame& frame, const PlainPacket& packet);
/// True from the end that compares less.
bool from_first(const test::BuiltFrame& frame, const PlainPacket& packet);

uint32_t sequence(const test::BuiltFrame& frame, const PlainPacket& packet);
uint32_t acknowledged(const test::BuiltFrame& frame, const PlainPacket& packet);
uint8_t flags(const test::BuiltFrame& frame, const PlainPacket& packet);

/// The frame with other payload and, of TCP, other numbers and flags; lengths and checksums follow.
test::BuiltFrame rewritten(const test::BuiltFrame& frame, const PlainPacket& packet, Bytes payload, uint32_t seq,
                           uint32_t ack, uint8_t tcp_flags);
/// The bare acknowledgement that the receiver of the frame would send.
test::BuiltFrame answer(const test::BuiltFrame& frame, const PlainPacket& packet, uint32_t seq, uint32_t ack);

}  // namespace lapwing::hunt
