// Volume: how much one sends and receives, now and usually.
#pragma once

#include <cstdint>

#include "analytics/shape/state.h"

namespace lapwing::analytics {

/// Bytes of payload. Sums, which add up in any order.
struct Traffic {
  uint64_t out = 0, in = 0;

  void merge(const Traffic& other) {
    out += other.out;
    in += other.in;
  }
  bool empty() const { return out == 0 && in == 0; }
  bool operator==(const Traffic&) const = default;
};

/// Producer/consumer ratio in 1/1000: (out - in) / (out + in), 1000 where all is sent, -1000 where all is received.
int16_t producer_ratio(const Traffic& traffic);

/// [G] Of one key by packet time.
class Volume {
 public:
  struct Judgement {
    Traffic hour;        // since the hour of the clock began
    Traffic recent;      // bytes an hour, by an average that weighs a minute of an hour ago by 1/e
    Traffic usual;       // bytes an hour: the mean of the first week, then an average that forgets over a week
    uint16_t hours = 0;  // behind `usual`, 168 at most
    int16_t pcr = 0, usual_pcr = 0;  // of `recent` and of `usual`
    uint32_t out_percent = 0;        // `recent` sent, in percent of `usual`; saturated where that is nothing
  };

  /// What came in a second; a late one counts in the minute that runs.
  void add(const Traffic& traffic, uint32_t second);
  static constexpr size_t kSaved = 5 + 6 * 8;  // bytes
  void save(StateWriter& out) const;
  bool load(StateReader& in);
  /// As it stands at a second, not before the last that was added.
  Judgement judge(uint32_t second) const;

 private:
  static constexpr uint16_t kWeek = 168;  // hours
  static constexpr int kFraction = 8;     // bits of the averages behind the point

  void advance(uint32_t minute);

  uint32_t minute_ = 0;  // since the epoch; 0: nothing was added
  uint16_t hours_ = 0;
  Traffic hour_, recent_, usual_;  // the last two in 1/256 byte an hour
};
static_assert(sizeof(Volume) == 56);

}  // namespace lapwing::analytics
