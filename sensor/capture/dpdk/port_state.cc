// What a running port has counted, and what becomes of its link and traffic.
#include <rte_ethdev.h>

#include <algorithm>

#include "sensor/base/log.h"
#include "sensor/capture/dpdk/port.h"
#include "sensor/capture/dpdk/sockets.h"

namespace lapwing::capture::dpdk {
namespace {

constexpr std::chrono::seconds kLook{1};

}  // namespace

std::string_view name_of(TimeSource source) {
  constexpr std::string_view kNames[] = {"software", "hardware", "capture"};
  return kNames[static_cast<size_t>(source)];
}

void Port::add_counters(CaptureCounters& counters) const {
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) == 0) {
    counters.kernel_drops = stats.imissed + stats.rx_nombuf;
    counters.interface_drops = stats.ierrors;
    counters.kernel_packets = stats.ipackets + counters.kernel_drops;
  }
  if (drops_ == Drops::of_sockets) {
    socket_drops_ += take_drops(sockets_);
    counters.kernel_drops += socket_drops_;
    counters.kernel_packets += socket_drops_;
  }
  counters.errors = went_down_;
  counters.reopened = came_up_;
  counters.silences = silence_.silences();
  counters.down = down_;
}

void Port::add_details(CounterSet& set) const {
  const std::string prefix = "capture.interfaces." + std::to_string(index_) + ".";
  set.set_text(prefix + "driver", driver_, "driver of the port");
  set.set_text(prefix + "clock", std::string(name_of(time_source_)), "where the time of frames comes from");
  set.set_text(prefix + "rss", rss_, "what flows are dealt to queues by");
  set.add(prefix + "drops_unknown", drops_ == Drops::unknown, "1: the driver cannot tell what it drops",
          CounterKind::gauge);
  set.add("capture.drops_unknown", drops_ == Drops::unknown, "ports whose driver cannot tell what it drops",
          CounterKind::gauge);
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status) {
    const bool known = link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
    set.add(prefix + "link_mbps", known ? link.link_speed : 0, "speed of the link, 0: down, or not known",
            CounterKind::gauge);
  } else {
    set.add(prefix + "link_mbps", 0, "speed of the link, 0: down, or not known", CounterKind::gauge);
  }
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) == 0) {
    set.add(prefix + "imissed", stats.imissed, "frames missed because a queue was full");
    set.add(prefix + "ierrors", stats.ierrors, "frames received with an error");
    set.add(prefix + "rx_nombuf", stats.rx_nombuf, "times that no packet buffer was free");
  }
  const int size = rte_eth_xstats_get(id_, nullptr, 0);
  if (size <= 0) return;
  std::vector<rte_eth_xstat> values(static_cast<size_t>(size));
  std::vector<rte_eth_xstat_name> names(values.size());
  if (rte_eth_xstats_get_names(id_, names.data(), static_cast<unsigned>(size)) != size) return;
  if (rte_eth_xstats_get(id_, values.data(), static_cast<unsigned>(size)) != size) return;
  for (const rte_eth_xstat& value : values) {
    if (value.value == 0 || value.id >= names.size()) continue;
    std::string name = names[value.id].name;
    std::ranges::replace(name, '.', '_');
    set.add(prefix + "xstats." + name, value.value, "extended statistics of the driver that are not 0");
  }
}

void Port::watch_link() {
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) != 0) return;
  const bool down = link.link_status == RTE_ETH_LINK_DOWN;
  if (told_ && down == down_) return;
  char text[RTE_ETH_LINK_MAX_STR_LEN] = {};
  rte_eth_link_to_str(text, sizeof text, &link);
  if (down) {
    spdlog::error("{}: {}", config_.interface, text);
    if (told_) ++went_down_;
  } else {
    spdlog::info("{}: {}", config_.interface, text);
    if (told_) ++came_up_;
  }
  down_ = down;
  told_ = true;
}

void Port::watch_traffic(Clock::time_point now) {
  uint64_t packets = 0;
  for (size_t i = 0; i < config_.workers; ++i) packets += seen_[i].packets.load(std::memory_order_relaxed);
  silence_.look(packets, down_, now);
}

void Port::watch(Clock::time_point now) {
  if (now >= next_look_) {
    next_look_ = now + kLook;
    watch_link();
  }
  watch_traffic(now);
}

}  // namespace lapwing::capture::dpdk
