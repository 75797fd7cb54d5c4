// Trial: Wald's sequential test of whether failures are one's habit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "analytics/shape/bits.h"

namespace lapwing::analytics {

/// How attempts ended. Sums, which add up in any order.
struct Outcomes {
  uint32_t good = 0, partial = 0, bad = 0;

  void merge(const Outcomes& other) {
    good += other.good;
    partial += other.partial;
    bad += other.bad;
  }
  bool empty() const { return good == 0 && partial == 0 && bad == 0; }
  bool operator==(const Outcomes&) const = default;
};

/// What is tested [S], in 1/16 bit. The defaults are those of threshold random walk (Jung, Paxson, Berger, Balakrishnan
/// 2004): an attempt of an honest source succeeds with 0.8, one of a scanner with 0.2; either verdict errs in 1 of 100.
struct TrialTest {
  int16_t good = -2 * kBit, partial = kBit, bad = 2 * kBit;  // log2 of how much likelier the guilty do so
  int16_t floor = -106;                                      // so that no past pays for more than that
  int16_t innocent = -106, guilty = 106;                     // the thresholds: log2 99
  uint16_t least_bad = 8;                                    // bad ones that any guilt needs
  uint32_t half_life = 86'400;                               // seconds; 0: nothing is forgotten
};

enum class Verdict : uint8_t { open, innocent, guilty };

/// [G] The floor makes the order of seconds matter, so a Delta holds Outcomes.
class Trial {
 public:
  void add(const Outcomes& outcomes, uint32_t second, const TrialTest& test) {
    age(second, test);
    good_ = saturated(good_ + uint64_t{outcomes.good});
    partial_ = saturated(partial_ + uint64_t{outcomes.partial});
    bad_ = saturated(bad_ + uint64_t{outcomes.bad});
    const int64_t sum = likelihood_ + int64_t{outcomes.good} * test.good + int64_t{outcomes.partial} * test.partial +
                        int64_t{outcomes.bad} * test.bad;
    likelihood_ = static_cast<int16_t>(std::clamp<int64_t>(sum, test.floor, std::numeric_limits<int16_t>::max()));
  }

  Verdict judge(const TrialTest& test) const {
    if (likelihood_ >= test.guilty && bad_ >= test.least_bad) return Verdict::guilty;
    return likelihood_ <= test.innocent ? Verdict::innocent : Verdict::open;
  }
  /// In 1/16 bit: log2 of how much likelier guilt makes what was seen.
  int16_t likelihood() const { return likelihood_; }
  /// Of late, each halved as often as the likelihood was.
  Outcomes outcomes() const { return {good_, partial_, bad_}; }

 private:
  static uint16_t saturated(uint64_t count) {
    return static_cast<uint16_t>(std::min<uint64_t>(count, std::numeric_limits<uint16_t>::max()));
  }
  /// All is halved at once when a half-life is over: halving by steps gives what halving in one go does.
  void age(uint32_t second, const TrialTest& test) {
    if (since_ == 0 || test.half_life == 0) since_ = second;
    if (second < since_ || test.half_life == 0) return;
    const uint32_t halvings = (second - since_) / test.half_life;
    since_ += halvings * test.half_life;
    const uint32_t shift = std::min<uint32_t>(halvings, 16);
    likelihood_ = static_cast<int16_t>(likelihood_ / (1 << shift));
    good_ = static_cast<uint16_t>(good_ >> shift);
    partial_ = static_cast<uint16_t>(partial_ >> shift);
    bad_ = static_cast<uint16_t>(bad_ >> shift);
  }

  uint32_t since_ = 0;  // second of the last halving
  int16_t likelihood_ = 0;
  uint16_t good_ = 0, partial_ = 0, bad_ = 0;
};
static_assert(sizeof(Trial) == 12);

}  // namespace lapwing::analytics
