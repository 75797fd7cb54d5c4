// MemoryGuard: memory that cannot be had costs a flow, or a step, but never the process.
#pragma once

#include <cstdint>
#include <new>
#include <span>

#include "sensor/base/counters.h"

namespace lapwing {

/// [W]
struct MemoryFaults {
  uint64_t out_of_memory = 0;  // flows dropped, or steps left out where no flow was at hand
};
std::span<const CounterRow<MemoryFaults>> memory_fault_rows();

/// [W] One per worker.
class MemoryGuard {
 public:
  /// False when memory lacked: the step ended where that was, and is counted.
  template <class Step>
  bool run(Step step) {
    try {
      step();
      return true;
    } catch (const std::bad_alloc&) {
      ++faults_.out_of_memory;
      return false;
    }
  }
  const MemoryFaults& counters() const { return faults_; }

 private:
  MemoryFaults faults_;
};

}  // namespace lapwing
