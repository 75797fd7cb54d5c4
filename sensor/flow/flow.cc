#include "sensor/flow/flow.h"

#include <utility>

namespace lapwing {

std::string_view name(FlowState state) {
  constexpr std::string_view kNames[] = {"new", "established", "closed", "bypassed"};
  return kNames[static_cast<size_t>(state)];
}

std::string_view name(FlowEnd end) {
  constexpr std::string_view kNames[] = {"unknown", "timeout", "forced", "shutdown", "tcp_reuse"};
  return kNames[static_cast<size_t>(end)];
}

std::string_view name(TcpState state) {
  constexpr std::string_view kNames[kTcpStates] = {"none",        "listen",     "syn_sent",  "syn_recv",
                                                   "established", "fin_wait1",  "fin_wait2", "time_wait",
                                                   "last_ack",    "close_wait", "closing",   "closed"};
  return kNames[static_cast<size_t>(state)];
}

IpAddress Flow::address(size_t side) const {
  return key.ip_version == 4 ? IpAddress::v4(key.address[side]) : IpAddress::v6(key.address[side]);
}

void Flow::swap_direction() {
  client_side = 1 - client_side;
  std::swap(packets[0], packets[1]);
  std::swap(bytes[0], bytes[1]);
  std::swap(tcp_flags[0], tcp_flags[1]);
  std::swap(min_ttl[0], min_ttl[1]);
  std::swap(max_ttl[0], max_ttl[1]);
  std::swap(icmp[0], icmp[2]);
  std::swap(icmp[1], icmp[3]);
  auto swap_flags = [this](uint16_t one, uint16_t other) {
    const bool had_one = flags & one, had_other = flags & other;
    flags = static_cast<uint16_t>((flags & ~(one | other)) | (had_one ? other : 0) | (had_other ? one : 0));
  };
  swap_flags(flow_flag::seen_ts, flow_flag::seen_tc);
  swap_flags(flow_flag::store_to_server, flow_flag::store_to_client);
  swap_flags(flow_flag::client_first, flow_flag::server_first);
}

}  // namespace lapwing
