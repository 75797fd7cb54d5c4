#include "sensor/pipeline/counter_board.h"

#include <string>

namespace lapwing {
namespace {

constexpr CounterRow<WorkerCounters> kWorkerRows[] = {
    {"packets", &WorkerCounters::packets, "frames handed to the worker: whether the load is even"},
    {"burst_us_max", &WorkerCounters::burst_us_max,
     "microseconds from the receipt of a burst to its end, at most: so long packets waited; live only",
     CounterKind::maximum},
    {"bursts_long", &WorkerCounters::bursts_long, "bursts that took more than 5,000 microseconds"},
    {"adoptions", &WorkerCounters::adoptions, "rule sets that the worker took while running"},
    {"adoption_us_max", &WorkerCounters::adoption_us_max, "microseconds that taking one took, at most",
     CounterKind::maximum},
};

}  // namespace

void add_worker_counters(const WorkerCounters& counters, size_t index, CounterSet& set) {
  const std::string prefix = "workers." + std::to_string(index) + ".";
  for (const auto& row : kWorkerRows) set.add(prefix + std::string(row.path), counters.*row.member, row.help, row.kind);
}

void CounterBoard::take() {
  CounterSet picture;
  read_(picture);
  {
    std::lock_guard lock(mutex_);
    std::swap(picture_, picture);
  }
  wanted_.store(false, std::memory_order_relaxed);
}

CounterSet CounterBoard::snapshot() const {
  wanted_.store(true, std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  return picture_;
}

}  // namespace lapwing
