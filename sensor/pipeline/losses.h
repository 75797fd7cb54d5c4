// Losses: which counters say that something was not seen, not followed or not delivered.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/counters.h"

namespace lapwing {

/// [S] Paths of the stats record in the order of a packet's way from the wire to the subscriber; "*" stands for any
/// one part.
std::span<const std::string_view> loss_paths();

/// Of these counters those that are losses and not zero, in that order.
CounterSet losses_of(const CounterSet& counters);

/// Tells what was lost since it was asked last. One thread at a time.
class LossWatch {
 public:
  CounterSet since_last(const CounterSet& counters);

 private:
  std::map<std::string, uint64_t, std::less<>> last_;
};

}  // namespace lapwing
