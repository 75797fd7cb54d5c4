// The beacon score that RITA 5 publishes, to stand beside ours on the same calls.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/analytics/shape/series.h"

namespace lapwing::analytics::rita {

inline double median(std::vector<double> sorted) {
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/// Of a list, from Bowley's skew of its quartiles and its median absolute deviation. `fallback`: below a median of 1.
inline double symmetry(std::vector<double> values, double fallback) {
  if (values.size() < 3) return 0;
  std::ranges::sort(values);
  const auto half = static_cast<ptrdiff_t>(values.size() / 2), odd = static_cast<ptrdiff_t>(values.size() % 2);
  const double q1 = median({values.begin(), values.begin() + half}), q2 = median(values),
               q3 = median({values.begin() + half + odd, values.end()});
  const double skew = q3 - q1 < 10 || q2 == q1 || q2 == q3 ? 0 : (q1 + q3 - 2 * q2) / (q3 - q1);
  std::vector<double> deviations;
  for (double value : values) deviations.push_back(std::abs(value - q2));
  std::ranges::sort(deviations);
  const double mad = q2 < 1 ? fallback : std::max(0.0, (q2 - median(deviations)) / q2);
  return (1 - std::abs(skew) + mad) / 2;
}

/// Over a day; 0 where it does not look: fewer than four seconds with a call.
inline double score(const Series& calls, double day = 86'400) {
  std::vector<double> seconds, gaps, sizes;
  for (const Call& call : calls) {
    sizes.push_back(static_cast<double>(call.out));
    if (seconds.empty() || std::floor(call.time) != seconds.back()) seconds.push_back(std::floor(call.time));
  }
  if (seconds.size() < 4) return 0;
  for (size_t i = 1; i < seconds.size(); ++i) gaps.push_back(seconds[i] - seconds[i - 1]);

  constexpr size_t kBars = 24;
  std::array<double, kBars> bars{};
  for (const Call& call : calls) ++bars[std::min(kBars - 1, static_cast<size_t>(call.time * kBars / day))];
  const double mean = static_cast<double>(calls.size()) / kBars, highest = *std::ranges::max_element(bars);
  double variance = 0, filled = 0;
  std::vector<double> heights;  // how many bars are about as high
  for (double bar : bars) {
    variance += (bar - mean) * (bar - mean) / kBars;
    if (bar == 0) continue;
    ++filled;
    const auto bucket = static_cast<size_t>(bar / std::ceil(highest * 0.05));
    heights.resize(std::max(heights.size(), bucket + 1));
    ++heights[bucket];
  }
  std::ranges::sort(heights, std::greater());
  const double flat = std::max(0.0, 1 - std::sqrt(variance) / mean);
  const double bimodal =
      filled < 11 ? 0 : (heights[0] + (heights.size() > 1 ? heights[1] : 0)) / std::max(filled - 1, 1.0);

  double run = 0, longest = 0;
  for (size_t i = 0; i < 2 * kBars; ++i) {
    run = bars[i % kBars] > 0 ? run + 1 : 0;
    longest = std::max(longest, std::min<double>(run, kBars));
  }
  const double coverage = std::ceil((seconds.back() - seconds.front()) / day * 1000) / 1000;
  const double duration = filled < 6 ? 0 : std::min(1.0, std::max(coverage, longest / 12));
  const double sum = symmetry(gaps, 1) + symmetry(sizes, 0) + duration + std::min(1.0, std::max(flat, bimodal));
  return std::round(sum * 250) / 1000;
}

}  // namespace lapwing::analytics::rita
