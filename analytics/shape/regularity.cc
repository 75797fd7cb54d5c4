#include "analytics/shape/regularity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace lapwing::analytics {
namespace {

constexpr size_t kLeast = 4;  // times that have a rhythm at all

/// Gaps between the times, ascending.
std::span<uint32_t> sorted_gaps(Times times, std::array<uint32_t, kMostTimes>& out) {
  for (size_t i = 1; i < times.size(); ++i) out[i - 1] = times[i] - times[i - 1];
  const std::span gaps(out.data(), times.size() - 1);
  std::ranges::sort(gaps);
  return gaps;
}

/// A turn of 2^64 parts, so that time by frequency is a phase whose whole turns fall off.
constexpr double kTurn = 18446744073709551616.0;
constexpr int kPhaseBits = 10;

struct Wave {
  std::array<int16_t, 1 << kPhaseBits> cosine, sine;
};
const Wave& wave() {
  static const Wave made = [] {
    Wave out;
    for (size_t i = 0; i < out.sine.size(); ++i) {
      const double angle = 2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / (1 << kPhaseBits);
      out.cosine[i] = static_cast<int16_t>(std::lround(16384 * std::cos(angle)));
      out.sine[i] = static_cast<int16_t>(std::lround(16384 * std::sin(angle)));
    }
    return out;
  }();
  return made;
}

/// The mean vector of phases.
struct Phase {
  double x = 0, y = 0;
  double length = 0;                                                         // 1 where all are alike
  double turn() const { return std::atan2(y, x) / (2 * std::numbers::pi); }  // its direction, of one turn
};
/// Of length 0 where it is no longer than `least`: that shows long before the last time, as each adds one length at
/// most.
Phase mean_phase(Times times, uint64_t frequency, double least) {
  constexpr size_t kBlock = 8;
  constexpr double kOne = 16384.0, kMost = 16386.0;  // of one time; as rounded, and more than what doubles round away
  const Wave& table = wave();
  const auto size = static_cast<double>(times.size());
  double x = 0, y = 0;
  int32_t cosine = 0, sine = 0;
  for (size_t from = 0; from < times.size(); from += kBlock) {
    const size_t to = std::min(from + kBlock, times.size());
    for (size_t i = from; i < to; ++i) {
      const uint64_t phase = (times[i] - times.front()) * frequency >> (64 - kPhaseBits);
      cosine += table.cosine[phase];
      sine += table.sine[phase];
    }
    x = cosine;
    y = sine;
    const double lacks = least * kOne * size - static_cast<double>(times.size() - to) * kMost;
    if (to < times.size() && lacks > 0 && x * x + y * y < lacks * lacks) return {};
  }
  return {x, y, std::sqrt(x * x + y * y) / (kOne * size)};
}

/// The share of periods, from the first time to the last, with a time in them; periods lie around the mean phase.
double filled(Times times, uint64_t frequency, double turn) {
  using Wide = unsigned __int128;
  const auto shift = static_cast<Wide>(((turn < 0.5 ? 0.5 : 1.5) - turn) * kTurn);
  uint64_t first = 0, last = 0, count = 0;
  for (uint32_t time : times) {
    const auto period = static_cast<uint64_t>((Wide{time - times.front()} * frequency + shift) >> 64);
    if (count == 0) first = period;
    if (count == 0 || period != last) ++count;
    last = period;
  }
  return static_cast<double>(count) / static_cast<double>(last - first + 1);
}

/// 0 where it is no more than `best`.
double comb_of(Times times, double period, double best) {
  // There are more periods than times fill.
  constexpr double kRounded = 1 + 1e-6;
  const double span = times.back() - times.front();
  if (static_cast<double>(times.size()) * period * kRounded <= best * span) return 0;
  const auto frequency = static_cast<uint64_t>(kTurn / period);
  const Phase phase = mean_phase(times, frequency, best);
  if (phase.length <= best) return 0;
  return phase.length * filled(times, frequency, phase.turn());
}

struct Needed {
  size_t times;
  int32_t share;
};
/// Between rows a straight line.
template <size_t N>
int32_t interpolated(const std::array<Needed, N>& rows, size_t times) {
  if (times < rows.front().times) return 1001;
  const auto above = std::ranges::find_if(rows, [&](const Needed& row) { return row.times >= times; });
  if (above == rows.end()) return rows.back().share;
  if (above->times == times) return above->share;
  const auto below = above - 1;
  const auto steps = static_cast<int32_t>(above->times - below->times),
             step = static_cast<int32_t>(times - below->times);
  return below->share + (above->share - below->share) * step / steps;
}

}  // namespace

Band band(Times times, uint32_t window) {
  if (times.size() < kLeast) return {};
  std::array<uint32_t, kMostTimes> memory;
  const auto gaps = sorted_gaps(times, memory);
  constexpr std::array kWeights = {10, 7, 5, 3};  // of so many bands, against as many of a shorter gap
  Band out;
  int32_t most = 0;
  for (size_t i = 0; i < gaps.size(); ++i) {
    if (i > 0 && gaps[i] == gaps[i - 1]) continue;
    const uint64_t low = gaps[i], above = low - std::min<uint64_t>(low, window);
    const uint64_t high = low + std::min(low * 8, above * 16) / 5;
    int32_t fit = -kWeights[0] * static_cast<int32_t>(i);
    auto from = gaps.begin() + static_cast<ptrdiff_t>(i);
    for (uint64_t bands = 1; bands <= kWeights.size(); ++bands) {
      const auto to = std::upper_bound(from, gaps.end(), bands * high);
      fit += kWeights[bands - 1] * static_cast<int32_t>(to - from);
      from = to;
    }
    if (fit <= most) continue;
    most = fit;
    out.low = gaps[i];
    out.high = static_cast<uint32_t>(std::min<uint64_t>(high, UINT32_MAX));
  }
  out.share = most * 1000 / (kWeights[0] * static_cast<int32_t>(gaps.size()));
  return out;
}

Comb comb(Times times, int32_t least) {
  if (times.size() < kLeast) return {};
  std::array<uint32_t, 2 * kMostTimes> periods;
  size_t count = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    periods[count++] = times[i] - times[i - 1];
    if (i > 1) periods[count++] = times[i] - times[i - 2];
  }
  std::array<uint32_t, kMostTimes> memory;
  const auto gaps = sorted_gaps(times, memory);
  const uint32_t median = gaps[gaps.size() / 2];
  std::sort(periods.begin(), periods.begin() + static_cast<ptrdiff_t>(count));
  double best = std::max(0, least - 1) / 1000.0, best_period = 0, tried = 0;
  auto try_period = [&](double period) {
    const double found = comb_of(times, period, best);
    if (found <= best) return;
    best = found;
    best_period = period;
  };
  for (size_t i = 0; i < count; ++i) {
    const double period = periods[i];
    if (periods[i] < 8 || period > 4.0 * median) continue;
    for (double by : {0.99, 1.0, 1.01}) {
      // What was just tried says it all.
      if (period * by <= tried * 1.003) continue;
      tried = period * by;
      try_period(tried);
    }
  }
  return {static_cast<int32_t>(best * 1000), static_cast<uint32_t>(std::min<double>(best_period * 16, UINT32_MAX))};
}

int32_t band_needed(size_t times) {
  static constexpr std::array<Needed, 7> kRows = {
      {{12, 940}, {16, 920}, {20, 910}, {24, 895}, {32, 870}, {48, 850}, {64, 830}}};
  return interpolated(kRows, times);
}

int32_t comb_needed(size_t times) {
  if (times < 12) return 1001;
  const auto n = static_cast<double>(times);
  return static_cast<int32_t>(1000 * (std::sqrt(std::log(10 * n) / n) + 0.1));
}

}  // namespace lapwing::analytics
