#include "sensor/pipeline/losses.h"

#include <utility>

namespace lapwing {
CounterSet losses_of(const CounterSet& counters) {
  CounterSet out;
  for (const CounterValue& counter : counters.values()) {
    if (counter.kind == CounterKind::loss && counter.value > 0) out.add(counter.path, counter.value, counter.help);
  }
  return out;
}

CounterSet LossWatch::since_last(const CounterSet& counters) {
  CounterSet out;
  const CounterSet losses = losses_of(counters);
  for (const CounterValue& loss : losses.values()) {
    const uint64_t before = std::exchange(last_[loss.path], loss.value);
    if (loss.value > before) out.add(loss.path, loss.value - before, loss.help);
  }
  return out;
}

}  // namespace lapwing
