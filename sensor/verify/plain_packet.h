// PlainPacket: a frame of Ethernet, IPv4 or IPv6 and TCP or UDP with nothing between, to be written anew.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sensor/capture/held_frames.h"

namespace lapwing::verify {

/// Places within the frame's bytes.
struct PlainPacket {
  size_t ip = 0, transport = 0, payload = 0, end = 0;
  bool six = false, tcp = false;

  size_t size() const { return end - payload; }
};

/// None for whatever has options, extension headers, tags, tunnels or fragments, or was cut.
std::optional<PlainPacket> plain_packet(const HeldFrame& frame);
/// Both ends, the same for both directions.
std::string connection_of(const HeldFrame& frame, const PlainPacket& packet);
/// True from the end that compares less.
bool from_first(const HeldFrame& frame, const PlainPacket& packet);

uint32_t sequence(const HeldFrame& frame, const PlainPacket& packet);
uint32_t acknowledged(const HeldFrame& frame, const PlainPacket& packet);
uint8_t flags(const HeldFrame& frame, const PlainPacket& packet);

/// The frame with other payload and, of TCP, other numbers and flags; lengths and checksums follow.
HeldFrame rewritten(const HeldFrame& frame, const PlainPacket& packet, Bytes payload, uint32_t seq, uint32_t ack,
                    uint8_t tcp_flags);
/// The bare acknowledgement that the receiver of the frame would send.
HeldFrame answer(const HeldFrame& frame, const PlainPacket& packet, uint32_t seq, uint32_t ack);

}  // namespace lapwing::verify
