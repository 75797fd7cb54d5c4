// Packet sockets that a driver keeps to itself, and that alone know what the kernel dropped.
#pragma once

#include <cstdint>
#include <vector>

namespace lapwing::capture::dpdk {

/// The packet sockets of this process now.
class PacketSockets {
 public:
  PacketSockets();
  std::vector<int> opened_since() const;

 private:
  std::vector<int> open_;
};

/// Frames dropped since they were asked last.
uint64_t take_drops(const std::vector<int>& sockets);

}  // namespace lapwing::capture::dpdk
