// ProbeTable: which protocols are asked whether they know the first bytes of a flow.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "sensor/event/protocol_set.h"

namespace lapwing {

/// [S] What a flow costs does not grow with the protocols that cannot be it.
class ProbeTable {
 public:
  /// The protocol of the next number. `ports`: its own and those configured.
  void add(const About& about, uint8_t transports, std::span<const uint16_t> ports);

  /// Those that list the port.
  ProtocolSet at(uint16_t port) const { return listed_[port] ? row_of(port) : ProtocolSet(); }
  /// Those of the transport, which is that of datagrams or that of streams.
  const ProtocolSet& over(bool datagram) const { return over_[datagram]; }
  /// Those that `first`, which is not empty, may be of; of those of their ports alone the ones that are `at_home`.
  ProtocolSet asked(const Chunk& first, const ProtocolSet& at_home) const {
    return starts_[first.datagram][index(first.direction)][first.data[0]] & (anywhere_ | at_home);
  }

 private:
  ProtocolSet row_of(uint16_t port) const;

  using ByFirstByte = std::array<ProtocolSet, 256>;

  size_t count_ = 0;
  std::array<std::array<ByFirstByte, 2>, 2> starts_;  // by datagram and Direction
  std::array<ProtocolSet, 2> over_;                   // by datagram
  ProtocolSet anywhere_;
  std::vector<std::pair<uint16_t, ProtocolSet>> ports_;  // in their order
  std::bitset<65'536> listed_;                           // of ports: most of a flow's are not
};

}  // namespace lapwing
