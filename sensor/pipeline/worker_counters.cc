#include "sensor/pipeline/worker_counters.h"

#include <string>

namespace lapwing {
namespace {

constexpr CounterRow<WorkerCounters> kRows[] = {
    {"burst_us_max", &WorkerCounters::burst_us_max,
     "microseconds from the receipt of a burst to its end, at most: so long packets waited; live only",
     CounterKind::maximum},
    {"bursts_long", &WorkerCounters::bursts_long, "bursts that took more than 5,000 microseconds"},
    {"adoptions", &WorkerCounters::adoptions, "rule sets that the worker took while running"},
    {"adoption_us_max", &WorkerCounters::adoption_us_max, "microseconds that taking one took, at most",
     CounterKind::maximum},
};

constexpr CounterRow<MemoryFaults> kFaults[] = {
    {"flow.out_of_memory", &MemoryFaults::out_of_memory,
     "flows dropped, or steps without a flow left out, because memory for them could not be had", CounterKind::loss},
};

}  // namespace

std::span<const CounterRow<MemoryFaults>> memory_fault_rows() {
  return kFaults;
}

void add_worker_counters(const WorkerCounters& counters, size_t index, CounterSet& set) {
  const std::string prefix = "workers." + std::to_string(index) + ".";
  for (const auto& row : kRows) set.add(prefix + std::string(row.path), counters.*row.member, row.help, row.kind);
}

}  // namespace lapwing
