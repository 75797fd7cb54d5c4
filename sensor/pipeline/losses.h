// Losses: which counters say that something was not seen, not followed or not delivered.
#pragma once

#include <map>
#include <string>

#include "sensor/base/counters.h"

namespace lapwing {

/// Of these counters those that are losses and not zero, in their order: that of a packet's way.
CounterSet losses_of(const CounterSet& counters);

/// Tells what was lost since it was asked last. One thread at a time.
class LossWatch {
 public:
  CounterSet since_last(const CounterSet& counters);

 private:
  std::map<std::string, uint64_t, std::less<>> last_;
};

}  // namespace lapwing
