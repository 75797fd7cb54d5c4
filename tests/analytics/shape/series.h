// Series: times of calls, made from a seed, of beacons and of those who are none.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "tests/support/dice.h"

namespace lapwing::analytics {

struct Call {
  double time = 0;  // seconds
  uint64_t out = 0, in = 0;
};
using Series = std::vector<Call>;

inline double uniform(test::Dice& dice) {
  return static_cast<double>(dice.below(1U << 30) + 1) / ((1U << 30) + 1.0);
}
inline double exponential(test::Dice& dice, double mean) {
  return -mean * std::log(uniform(dice));
}
inline double log_normal(test::Dice& dice, double median, double sigma) {
  const double angle = 2 * std::numbers::pi * uniform(dice);
  return median * std::exp(sigma * std::sqrt(-2 * std::log(uniform(dice))) * std::cos(angle));
}

struct BeaconPlan {
  double period = 60, jitter = 0, loss = 0;  // seconds; parts of one
  bool bursts = false;                       // a fifth of the check-ins bring 1 to 4 further connections within 10 s
  bool both_ways = false;                    // sleeps period (1 +- jitter), else period (1 - jitter) to period
};
/// Within `span` seconds; one in ten check-ins brings a task, which is answered with a result.
inline Series beacon(const BeaconPlan& plan, double span, uint64_t seed) {
  test::Dice dice(seed);
  Series out;
  for (double time = 60 + 300 * uniform(dice); time < span;) {
    if (uniform(dice) > plan.loss) {
      const bool task = dice.percent(10);
      out.push_back(
          {time + 0.2 * uniform(dice), task ? 200 + dice.below(20'000) : 236, task ? 900 + dice.below(900) : 141});
      if (plan.bursts && dice.percent(20)) {
        double at = time;
        for (uint64_t more = 1 + dice.below(4); more > 0; --more) {
          at += 0.1 + 2.4 * uniform(dice);
          out.push_back({at, 300 + dice.below(3000), 500 + dice.below(50'000)});
        }
      }
    }
    const double random = uniform(dice);
    time += plan.period * (plan.both_ways ? 1 + plan.jitter * (2 * random - 1) : 1 - plan.jitter * random);
  }
  std::ranges::sort(out, {}, &Call::time);
  return out;
}

/// The 160 of period, jitter, loss and bursts.
inline std::vector<BeaconPlan> beacon_grid(bool both_ways = false) {
  std::vector<BeaconPlan> out;
  for (double period : {10, 60, 300, 3600}) {
    for (double jitter : {0.0, 0.1, 0.2, 0.35, 0.5}) {
      for (double loss : {0.0, 0.1, 0.2, 0.3}) {
        for (bool bursts : {false, true}) out.push_back({period, jitter, loss, bursts, both_ways});
      }
    }
  }
  return out;
}

enum class Habit : uint8_t { poisson, human, pages };
/// `count` calls of a client that follows no clock.
inline Series random_client(Habit habit, size_t count, uint64_t seed) {
  test::Dice dice(seed);
  const double mean = 5 * std::pow(120, uniform(dice)), sigma = 0.8 + uniform(dice);
  const bool one_size = dice.percent(50);
  Series out;
  double time = 60;
  while (out.size() < count) {
    time += habit == Habit::human ? log_normal(dice, mean, sigma) : exponential(dice, mean);
    double at = time;
    for (uint64_t more = habit == Habit::pages ? 1 + dice.below(12) : 1; more > 0; --more) {
      out.push_back({at, one_size ? 400 : 300 + dice.below(2000), one_size ? 900 : 500 + dice.below(100'000)});
      at += exponential(dice, 1.5);
    }
    time = habit == Habit::pages ? at : time;
  }
  std::ranges::sort(out, {}, &Call::time);
  return out;
}

}  // namespace lapwing::analytics
