// LiveInterface: what the sources of one interface share.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "sensor/capture/live.h"
#include "sensor/capture/silence_watch.h"

namespace lapwing {

/// Its handles come and go together: a member that went alone would change which worker the kernel deals a flow to.
/// They join their group in the order of the workers, so that a flow finds its worker again.
class LiveInterface {
 public:
  using Clock = std::chrono::steady_clock;

  LiveInterface(LiveConfig config, size_t index);

  const LiveConfig& config() const { return config_; }
  size_t index() const { return index_; }

  // For the sources, each on its thread. A round lasts from the opening of the handles to the fault that ends it.

  uint32_t round() const { return round_.load(std::memory_order_relaxed); }
  /// Whether a handle may be opened, for the round given: none of a former round is left.
  bool begin(uint32_t& round);
  /// Takes the handle into the group when its turn has come. Throws std::runtime_error.
  bool join(uint32_t round, size_t member, int fd, bool ethernet);
  /// All have joined.
  bool complete(uint32_t round);
  /// The round is over; all are to close their handles.
  void fail(uint32_t round, const std::string& why);
  /// The interface cannot be opened yet.
  void wait_for(const std::string& why);
  /// A handle that begin() allowed is closed.
  void closed(uint32_t round);
  void seen(size_t member, uint64_t packets) { seen_[member].packets.store(packets, std::memory_order_relaxed); }
  void saw_offloading() { offloading_.store(true, std::memory_order_relaxed); }
  /// Sets what is counted of the interface as a whole.
  void add_to(CaptureCounters& counters) const;

  /// On one other thread: logs changes, and notices silence.
  void watch(Clock::time_point now);

 private:
  struct alignas(64) Seen {
    std::atomic<uint64_t> packets = 0;
  };

  void watch_state();
  void watch_traffic(Clock::time_point now);

  const LiveConfig config_;
  const size_t index_;
  std::atomic<uint32_t> round_ = 0;
  std::unique_ptr<Seen[]> seen_;  // one a worker
  std::atomic<bool> offloading_ = false;

  mutable std::mutex mutex_;
  size_t open_ = 0, stale_ = 0, joined_ = 0;  // handles of this round and of former ones; members of the group
  uint16_t group_ = 0;
  bool down_ = false;
  std::string why_;
  uint64_t errors_ = 0, reopened_ = 0;

  // Of watch().
  bool told_down_ = false, told_offloading_ = false;
  uint64_t told_reopened_ = 0;
  std::string told_why_;
  SilenceWatch silence_;
};

/// The sources of an interface, one a worker; all are open, or the interface is down and waited for. Throws
/// SettingError.
std::vector<std::unique_ptr<PacketSource>> open_sources(const std::shared_ptr<LiveInterface>& interface);

}  // namespace lapwing
