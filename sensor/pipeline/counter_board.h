// CounterBoard: what a worker has counted, for itself and for other threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "sensor/base/counters.h"

namespace lapwing {

/// [W] How long packets waited. Live only: a replay has no clock but the capture's.
struct WorkerCounters {
  static constexpr uint64_t kLongBurst = 5000;  // microseconds

  uint64_t packets = 0, burst_us_max = 0, bursts_long = 0;
  uint64_t adoptions = 0, adoption_us_max = 0;

  void burst(uint64_t frames, uint64_t microseconds) {
    packets += frames;
    if (microseconds > burst_us_max) burst_us_max = microseconds;
    bursts_long += microseconds > kLongBurst;
  }
  void adoption(uint64_t microseconds) {
    ++adoptions;
    if (microseconds > adoption_us_max) adoption_us_max = microseconds;
  }
};
/// Adds them below "workers.<index>.".
void add_worker_counters(const WorkerCounters& counters, size_t index, CounterSet& set);

/// [W] Counters are plain integers of the worker's thread. Others get a picture that the worker takes between bursts,
/// when one is asked for: all of it is of one moment.
class CounterBoard {
 public:
  /// `read` adds all counters there are to a set.
  explicit CounterBoard(std::function<void(CounterSet&)> read) : read_(std::move(read)) {}

  /// Everything counted so far; for the worker's thread, or after its end.
  void add_counters(CounterSet& set) const { read_(set); }
  /// Between bursts: takes the picture that was asked for, if any. Throws std::bad_alloc, and is asked again then.
  void show() {
    if (wanted_.load(std::memory_order_relaxed)) take();
  }
  /// The same though nobody asked.
  void take();
  /// No more pictures come.
  void close() { closed_.store(true); }

  // Safe from other threads.

  /// The counters as of a recent show(), and asks for newer ones.
  CounterSet snapshot() const;
  /// Whether those asked for last are there, or will never be.
  bool fresh() const { return !wanted_.load(std::memory_order_relaxed) || closed_.load(); }

 private:
  const std::function<void(CounterSet&)> read_;
  mutable std::atomic<bool> wanted_ = false;
  std::atomic<bool> closed_ = false;
  mutable std::mutex mutex_;
  CounterSet picture_;
};

}  // namespace lapwing
