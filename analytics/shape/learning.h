// Learning: how much packet time lies behind a judgement.
#pragma once

#include <algorithm>
#include <cstdint>

#include "analytics/shape/state.h"

namespace lapwing::analytics {

/// [G] Time that was watched. A longer silence is the sensor's and not the network's, and teaches
/// nothing.
class Learning {
 public:
  static constexpr uint32_t kMostSilence = 7200;  // seconds

  void pass(uint32_t second) {
    if (last_ != 0 && second > last_ && second - last_ <= kMostSilence) seen_ += second - last_;
    last_ = std::max(last_, second);
  }
  /// Seconds.
  uint64_t seen() const { return seen_; }
  uint64_t missing(uint64_t needed) const { return needed > seen_ ? needed - seen_ : 0; }
  /// The latest second.
  uint32_t last() const { return last_; }

  void save(StateWriter& out) const {
    out.u64(seen_);
    out.u32(last_);
  }
  bool load(StateReader& in) {
    seen_ = in.u64();
    last_ = in.u32();
    return in.ok();
  }

 private:
  uint64_t seen_ = 0;
  uint32_t last_ = 0;
};

}  // namespace lapwing::analytics
