// Carrying a dialogue: the segments or datagrams it becomes, and what happens to them on a rough way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {

/// A TCP segment, or of it only direction and bytes for a datagram.
struct Segment {
  Direction direction = Direction::to_server;
  uint32_t seq = 0, ack = 0;
  uint8_t flags = 0;
  std::string bytes, options;
  uint16_t window = 65535, urgent = 0;
  bool bad_checksum = false, bad_ip_checksum = false;
};

namespace tcp_flag {
inline constexpr uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32;
}

/// Cut anywhere, acknowledged late or at once, ended by either side, both or none.
std::vector<Segment> carry_stream(Random& random, const Dialogue& dialogue);
std::vector<Segment> carry_datagrams(const Dialogue& dialogue);
/// Loses, repeats, reorders, overlaps, forges and spoils some of them.
void roughen(Random& random, std::vector<Segment>& segments);

}  // namespace lapwing::hunt
