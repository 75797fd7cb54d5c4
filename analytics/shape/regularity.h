// Regularity: how much a list of times is like a clock's, and how much of that chance allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lapwing::analytics {

/// Ascending, in 1/16 s; at most kMostTimes.
using Times = std::span<const uint32_t>;
inline constexpr size_t kMostTimes = 64;

/// Sleep with jitter: how well the gaps fit into a band [low, 2.6 low], in 1/1000. Each counts: one within it as 1,
/// those of two, three and four such, behind times that are missing, as 0.7, 0.5 and 0.3, a longer one not at all, and
/// a shorter one, which nothing explains, against the others.
struct Band {
  int32_t share = 0;
  uint32_t low = 0, high = 0;  // 1/16 s
};
/// `window`: no gap can be shorter. Where chance reigns those just above it are then many, so that up to twice of it
/// the band is narrower: [low, low + 3.2 (low - window)].
Band band(Times times, uint32_t window);

/// A clock under other traffic: of the best period, the length of the mean phase vector of all times by the share of
/// periods with a time in them, in 1/1000. A share below `least`, of which it is then not known how far, costs less.
struct Comb {
  int32_t share = 0;
  uint32_t period = 0;  // 1/256 s
};
Comb comb(Times times, int32_t least = 0);

/// What random clients reach by chance once in a thousand, of so many times; 1001 where no number would do.
int32_t band_needed(size_t times);
int32_t comb_needed(size_t times);

}  // namespace lapwing::analytics
