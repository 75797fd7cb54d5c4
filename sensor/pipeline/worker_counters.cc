#include "sensor/pipeline/worker_counters.h"

#include <string>

namespace lapwing {
namespace {

constexpr CounterRow<WorkerCounters> kRows[] = {
    {"burst_us_max", &WorkerCounters::burst_us_max,
     "microseconds from the receipt of a burst to its end, at most: so long packets waited; live only"},
    {"bursts_long", &WorkerCounters::bursts_long, "bursts that took more than 5,000 microseconds"},
    {"adoptions", &WorkerCounters::adoptions, "rule sets that the worker took while running"},
    {"adoption_us_max", &WorkerCounters::adoption_us_max, "microseconds that taking one took, at most"},
};

}  // namespace

void add_worker_counters(const WorkerCounters& counters, size_t index, CounterSet& set) {
  const std::string prefix = "workers." + std::to_string(index) + ".";
  for (const auto& row : kRows) set.add(prefix + std::string(row.path), counters.*row.member, row.help);
}

}  // namespace lapwing
