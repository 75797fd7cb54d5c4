// Chunk: what the stream room hands to a dissector.
#pragma once

#include <cstdint>

#include "sensor/base/bytes.h"
#include "sensor/base/time.h"

namespace lapwing {

enum class Direction : uint8_t { to_server, to_client };

constexpr Direction reverse(Direction d) {
  return d == Direction::to_server ? Direction::to_client : Direction::to_server;
}
constexpr size_t index(Direction d) {
  return static_cast<size_t>(d);
}

/// Contiguous new bytes of one direction of a flow [W], or one whole datagram. Valid during the call.
struct Chunk {
  Bytes data;
  uint64_t offset = 0;  // of data[0] in this direction's stream; 0 for datagrams
  Timestamp time;       // of the packet that completed these bytes
  Direction direction = Direction::to_server;
  bool datagram = false;
  bool end = false;         // the direction is closed (FIN, RST, timeout): no more bytes follow; data may be empty
  bool broken_off = false;  // with `end`: more was sent, which its receiver never got whole
  bool only_sure = false;   // to a probe: what is not sure is taken for no
};

}  // namespace lapwing
