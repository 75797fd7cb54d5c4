// Port: one DPDK port from its configuration to its closing, and what its sources share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sensor/capture/dpdk/config.h"
#include "sensor/capture/silence_watch.h"

struct rte_eth_dev_info;
struct rte_eth_rss_conf;
struct rte_mempool;

namespace lapwing::capture::dpdk {

class Eal;

/// Where the time of a frame comes from.
enum class TimeSource : uint8_t {
  software,  // the time of day when its burst was taken
  hardware,  // stamped by the device
  capture,   // as the capture file or libpcap has it
};
std::string_view name_of(TimeSource source);

class Port {
 public:
  using Clock = std::chrono::steady_clock;

  /// Opens and starts it. Throws SettingError.
  Port(std::shared_ptr<Eal> eal, PortConfig config, size_t index);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// With what was derived.
  const PortConfig& config() const { return config_; }
  size_t index() const { return index_; }
  uint16_t id() const { return id_; }
  TimeSource time_source() const { return time_source_; }
  /// Of the time in a packet buffer.
  int time_offset() const { return time_offset_; }
  uint64_t time_flag() const { return time_flag_; }
  /// Longest frame that the wire can bring, with its link header and tags.
  uint32_t longest() const { return longest_; }

  void seen(size_t member, uint64_t packets) { seen_[member].packets.store(packets, std::memory_order_relaxed); }
  /// What the port as a whole has counted; `source` is of its first worker. For one thread.
  void add_counters(CaptureCounters& source) const;
  /// Names and figures of the port below "capture.interfaces.<index>.".
  void add_details(CounterSet& set) const;

  /// On one other thread: logs changes of the link, and notices silence.
  void watch(Clock::time_point now);

 private:
  struct alignas(64) Seen {
    std::atomic<uint64_t> packets = 0;
  };
  enum class Drops : uint8_t { known, unknown, of_sockets };

  [[noreturn]] void refuse(const std::string& what, int error = 0);
  void find();
  void choose_workers(const rte_eth_dev_info& info);
  void configure(const rte_eth_dev_info& info);
  void make_pools(bool scattered);
  void set_up_queues(const rte_eth_dev_info& info);
  void deal(const rte_eth_dev_info& info);
  rte_eth_rss_conf dealing(const rte_eth_dev_info& info, std::vector<uint8_t>& key) const;
  void start();
  void watch_link();
  void watch_traffic(Clock::time_point now);

  const std::shared_ptr<Eal> eal_;
  PortConfig config_;
  const size_t index_;
  uint16_t id_ = 0;
  bool made_ = false, configured_ = false, told_ = false;
  std::string driver_, rss_ = "none";
  Drops drops_ = Drops::known;
  std::vector<int> sockets_;  // of a driver on packet sockets, whose drops only these know
  mutable uint64_t socket_drops_ = 0;
  std::vector<rte_mempool*> pools_;
  TimeSource time_source_ = TimeSource::software;
  int time_offset_ = -1;
  uint64_t time_flag_ = 0;
  uint32_t longest_ = 0;
  std::unique_ptr<Seen[]> seen_;  // one a worker

  std::atomic<bool> down_ = false;
  std::atomic<uint64_t> went_down_ = 0, came_up_ = 0;
  SilenceWatch silence_;
  Clock::time_point next_look_{};
};

/// The source of one worker.
std::unique_ptr<PacketSource> make_source(std::shared_ptr<Port> port, size_t member);

}  // namespace lapwing::capture::dpdk
