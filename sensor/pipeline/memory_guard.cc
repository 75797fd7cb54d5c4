#include "sensor/pipeline/memory_guard.h"

namespace lapwing {
namespace {

constexpr CounterRow<MemoryFaults> kFaultRows[] = {
    {"flow.out_of_memory", &MemoryFaults::out_of_memory,
     "flows dropped, or steps without a flow left out, because memory for them could not be had", CounterKind::loss},
};

}  // namespace

std::span<const CounterRow<MemoryFaults>> memory_fault_rows() {
  return kFaultRows;
}

}  // namespace lapwing
