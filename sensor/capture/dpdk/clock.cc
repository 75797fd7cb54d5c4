#include "sensor/capture/dpdk/clock.h"

namespace lapwing::capture::dpdk {

void DeviceClock::observe(uint64_t ticks, int64_t monotonic, int64_t real) {
  if (!started_ || ticks < ticks_) {  // a counter that went back was reset
    started_ = true;
    first_ticks_ = ticks;
    first_monotonic_ = monotonic;
  } else if (ticks > first_ticks_ && monotonic > first_monotonic_) {
    rate_ = static_cast<double>(monotonic - first_monotonic_) / static_cast<double>(ticks - first_ticks_);
  }
  ticks_ = ticks;
  real_ = real;
}

Timestamp DeviceClock::at(uint64_t ticks) const {
  const auto away = static_cast<int64_t>(ticks - ticks_);
  return {real_ + static_cast<int64_t>(static_cast<double>(away) * rate_)};
}

}  // namespace lapwing::capture::dpdk
