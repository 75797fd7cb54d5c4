#include "sensor/capture/dpdk/sockets.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>

namespace lapwing::capture::dpdk {
namespace {

std::vector<int> packet_sockets() {
  std::vector<int> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string name = entry.path().filename();
    int fd = -1, domain = 0;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_PACKET) out.push_back(fd);
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

PacketSockets::PacketSockets() : open_(packet_sockets()) {}

std::vector<int> PacketSockets::opened_since() const {
  std::vector<int> out;
  std::ranges::set_difference(packet_sockets(), open_, std::back_inserter(out));
  return out;
}

uint64_t take_drops(const std::vector<int>& sockets) {
  uint64_t out = 0;
  for (int fd : sockets) {
    // As large as that of the ring's third version, which the kernel fills as far as it has the fields.
    tpacket_stats_v3 stats{};
    socklen_t size = sizeof stats;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) out += stats.tp_drops;
  }
  return out;
}

}  // namespace lapwing::capture::dpdk
