// The time of frames that a device stamps with a counter of its own.
#pragma once

#include <cstdint>

#include "sensor/base/time.h"

namespace lapwing::capture::dpdk {

/// [W] Ticks of a free-running counter of unknown rate to time of day. The rate is taken against the monotonic clock
/// from the first observation to the last, so that a step of the time of day moves later frames and bends none.
class DeviceClock {
 public:
  /// The counter read together with both clocks, in nanoseconds.
  void observe(uint64_t ticks, int64_t monotonic, int64_t real);
  /// After two observations a while apart.
  bool known() const { return rate_ > 0; }
  Timestamp at(uint64_t ticks) const;

 private:
  uint64_t first_ticks_ = 0, ticks_ = 0;
  int64_t first_monotonic_ = 0, real_ = 0;
  bool started_ = false;
  double rate_ = 0;  // nanoseconds a tick
};

}  // namespace lapwing::capture::dpdk
