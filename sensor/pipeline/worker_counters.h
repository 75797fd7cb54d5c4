// How long a worker kept packets waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sensor/base/counters.h"

namespace lapwing {

/// [W] Live only: a replay has no clock but the capture's.
struct WorkerCounters {
  static constexpr uint64_t kLongBurst = 5000;  // microseconds

  uint64_t burst_us_max = 0, bursts_long = 0;
  uint64_t adoptions = 0, adoption_us_max = 0;

  void burst(uint64_t microseconds) {
    if (microseconds > burst_us_max) burst_us_max = microseconds;
    bursts_long += microseconds > kLongBurst;
  }
  void adoption(uint64_t microseconds) {
    ++adoptions;
    if (microseconds > adoption_us_max) adoption_us_max = microseconds;
  }
};

/// [W]
struct MemoryFaults {
  uint64_t out_of_memory = 0;  // flows dropped, or steps left out where no flow was at hand
};
std::span<const CounterRow<MemoryFaults>> memory_fault_rows();

/// Adds them below "workers.<index>.".
void add_worker_counters(const WorkerCounters& counters, size_t index, CounterSet& set);

}  // namespace lapwing
