// Sequence: stages that mean more together, within a time and in order where that is known.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "sensor/base/time.h"

namespace lapwing::analytics {

/// Stages as bits.
using StageSet = uint8_t;

/// Which stages were seen in a second, and when first. Minimum and union: it may live in a Delta.
template <size_t N>
class Stages {
 public:
  void add(size_t stage, Timestamp time) {
    first_[stage] = std::min(first_[stage], time);
    seen_ |= static_cast<StageSet>(1U << stage);
  }
  void merge(const Stages& other) {
    for (size_t stage = 0; stage < N; ++stage) first_[stage] = std::min(first_[stage], other.first_[stage]);
    seen_ |= other.seen_;
  }
  bool empty() const { return seen_ == 0; }
  StageSet seen() const { return seen_; }
  /// Of a stage that was seen.
  Timestamp first(size_t stage) const { return first_[stage]; }
  bool operator==(const Stages&) const = default;

 private:
  static_assert(N <= 8);
  static constexpr auto kNever = [] {
    std::array<Timestamp, N> out;
    out.fill({std::numeric_limits<int64_t>::max()});
    return out;
  }();
  std::array<Timestamp, N> first_ = kNever;
  StageSet seen_ = 0;
};

/// [G] For each stage, when what led to it began, at the latest: of a stage that needs none before it that is its own
/// last time. So repeated stages neither hide nor stretch a sequence.
template <size_t N>
class Sequence {
 public:
  /// Of each stage those that must come before it, or at once with it; they have lower numbers. [S]
  using Order = std::array<StageSet, N>;

  void add(const Stages<N>& stages, const Order& order) {
    std::array<uint8_t, N> by_time{};
    size_t count = 0;
    for (uint8_t stage = 0; stage < N; ++stage) {
      if (has(stages.seen(), stage)) by_time[count++] = stage;
    }
    // By insertion, so that stages of one time stay in the order of their numbers.
    for (size_t i = 1; i < count; ++i) {
      for (size_t j = i; j > 0 && stages.first(by_time[j]) < stages.first(by_time[j - 1]); --j) {
        std::swap(by_time[j], by_time[j - 1]);
      }
    }
    for (size_t i = 0; i < count; ++i) reach(by_time[i], stages.first(by_time[i]), order[by_time[i]]);
  }

  /// How long all the stages took up to `now`, the time of the last one, if that is no longer than `within` (both in
  /// nanoseconds).
  std::optional<int64_t> judge(StageSet stages, Timestamp now, int64_t within) const {
    if ((stages & ~reached_) != 0 || stages == 0) return {};
    int64_t begun = now.ns;
    for (size_t stage = 0; stage < N; ++stage) {
      if (has(stages, stage)) begun = std::min(begun, begun_[stage].ns);
    }
    return begun >= now.ns - within ? std::optional(now.ns - begun) : std::nullopt;
  }
  /// With all that had to be before them.
  StageSet reached() const { return reached_; }

 private:
  static bool has(StageSet stages, size_t stage) { return stages >> stage & 1; }

  void reach(size_t stage, Timestamp time, StageSet before) {
    if ((before & ~reached_) != 0) return;
    for (size_t other = 0; other < N; ++other) {
      if (has(before, other)) time = std::min(time, begun_[other]);
    }
    if (!has(reached_, stage) || begun_[stage] < time) begun_[stage] = time;
    reached_ |= static_cast<StageSet>(1U << stage);
  }

  std::array<Timestamp, N> begun_{};
  StageSet reached_ = 0;
};

}  // namespace lapwing::analytics
