// Rhythm: whether one calls another by the clock.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "analytics/shape/regularity.h"
#include "sensor/base/time.h"

namespace lapwing::analytics {

/// A size in 16 bits: exact below 2,048, then to 11 bits. Larger sizes have larger codes.
constexpr uint16_t pack_size(uint64_t size) {
  if (size < 2048) return static_cast<uint16_t>(size);
  const auto shift = static_cast<uint32_t>(std::bit_width(size)) - 11;
  return static_cast<uint16_t>(1024 * shift + (size >> shift));
}
constexpr uint64_t unpack_size(uint16_t code) {
  if (code < 2048) return code;
  return uint64_t{code % 1024 + 1024U} << (code / 1024 - 1);
}

struct CheckIn {
  uint32_t time = 0;         // 1/16 s
  uint16_t out = 0, in = 0;  // sizes, packed
};
static_assert(sizeof(CheckIn) == 8);

struct RhythmJudgement {
  /// Of all check-ins, and of those of the most common size alone.
  struct Evidence {
    uint32_t n = 0;
    int32_t band = 0, band_needed = 0;  // 1/1000
    int32_t comb = 0, comb_needed = 0;  // 1/1000
    bool holds() const { return band >= band_needed || comb >= comb_needed; }
  };
  Evidence all, same_size;
  uint32_t period = 0;          // 1/16 s
  uint32_t jitter_percent = 0;  // half of what the gaps in the band spread over, of the period
  uint32_t missed_percent = 0;  // of periods
  uint32_t same_size_percent = 0;
  /// No gap is half as long again as another, of 10 s and more: chance makes no eight such. Or of 16 faster ones none
  /// was joined, and no gap is longer than two others.
  bool exact = false;

  bool holds() const { return all.holds() || same_size.holds(); }
};

/// Pure, as all of these. `check_ins`: by time, at most kMostTimes. `joined_percent`: calls that were too close to one
/// before to be a check-in of their own, of check-ins.
RhythmJudgement judge_rhythm(std::span<const CheckIn> check_ins, uint32_t joined_percent);
/// What of it decides whether there is a rhythm, for a part of the work.
struct RhythmVerdict {
  bool holds = false, exact = false;
  bool operator==(const RhythmVerdict&) const = default;
};
RhythmVerdict verdict_of(std::span<const CheckIn> check_ins, uint32_t joined_percent);
/// Closer ones are one check-in: 2 s, or a tenth of the median gap. In 1/16 s.
uint16_t join_window(std::span<const CheckIn> check_ins);

/// [G] The last `Size` check-ins of one key. A rhythm is one when the gate holds at two rungs of a ladder in a row: 8,
/// 12, 16, 20, 24, 32, 40, 48, 64 check-ins, then each 16; or when it is exact at one of them.
template <size_t Size>
class RhythmOf {
 public:
  RhythmOf() = default;
  /// Goes on from a smaller one.
  template <size_t Other>
  explicit RhythmOf(const RhythmOf<Other>& other)
      : base_(other.base_),
        count_(other.count_),
        last_(other.last_),
        join_(other.join_),
        used_(other.used_),
        held_(other.held_),
        joined_(other.joined_) {
    static_assert(Other < Size);
    std::ranges::copy(other.check_ins(), check_ins_.begin());
  }

  /// True: another rung is reached, and settle() is due. Late ones find their place, if it is still kept.
  bool add(Timestamp time, uint64_t out, uint64_t in) {
    if (count_ == 0) base_ = static_cast<uint32_t>(std::max<int64_t>(time.seconds(), kBefore)) - kBefore;
    const int64_t since = std::clamp<int64_t>((time.ns - base_ * kSecond) / (kSecond / 16), 0, UINT32_MAX);
    const auto at = static_cast<uint32_t>(since);
    size_t place = used_;
    while (place > 0 && check_ins_[place - 1].time > at) --place;
    const bool latest = place == used_;
    const uint32_t gap = place > 0 ? at - (latest ? last_ : check_ins_[place - 1].time) : UINT32_MAX;
    if (gap < join_) {
      if (gap >= kTogether) joined_ = static_cast<uint8_t>(std::min<unsigned>(joined_ + 1U, kMostJoined)) & kMostJoined;
      if (latest) last_ = at;
      join(check_ins_[place - 1], out, in);
      return false;
    }
    if (latest) {
      last_ = at;
    } else if (check_ins_[place].time - at < join_) {
      check_ins_[place].time = at;
      join(check_ins_[place], out, in);
      return false;
    }
    if (used_ == Size) {
      if (place == 0) return false;
      std::ranges::copy(check_ins().subspan(1), check_ins_.begin());
      --place;
    } else {
      ++used_;
    }
    std::copy_backward(check_ins_.begin() + place, check_ins_.begin() + used_ - 1, check_ins_.begin() + used_);
    check_ins_[place] = {at, pack_size(out), pack_size(in)};
    if (++count_ % kRecent == 0) joined_ = (joined_ / 2) & kMostJoined;
    if (count_ % 4 != 0) return false;
    join_ = join_window(check_ins());
    return is_rung(count_);
  }

  RhythmJudgement judge() const { return judge_rhythm(check_ins(), joined_percent()); }
  /// What the rung that was just reached says; true: it is a rhythm.
  bool settle() {
    const RhythmVerdict verdict = verdict_of(check_ins(), joined_percent());
    held_ = verdict.holds ? static_cast<uint8_t>(std::min(held_ + 1, 2)) & 3 : uint8_t{0};
    return held_ == 2 || verdict.exact;
  }

  /// Of all times.
  uint32_t count() const { return count_; }
  std::span<const CheckIn> check_ins() const { return {check_ins_.data(), used_}; }
  bool full() const { return used_ == Size; }
  Timestamp time(const CheckIn& of) const { return {base_ * kSecond + of.time * (kSecond / 16)}; }

 private:
  template <size_t>
  friend class RhythmOf;
  static_assert(Size <= kMostTimes);
  static constexpr int64_t kSecond = 1'000'000'000;
  static constexpr uint32_t kBefore = 60;  // seconds that the first may have come late
  static constexpr uint32_t kRecent = 16;  // check-ins, behind which what was joined is halved
  static constexpr uint8_t kMostJoined = 63;
  static constexpr uint32_t kTogether = 8;  // 1/16 s: what one check-in opens at once

  uint32_t joined_percent() const {
    const uint32_t of = count_ < kRecent ? count_ : kRecent + count_ % kRecent;
    return 100U * joined_ / std::max(1U, of);
  }
  static bool is_rung(uint32_t count) {
    if (count > 24) return count % (count < 48 ? 8 : 16) == 0;
    return count >= 8;
  }
  static void join(CheckIn& into, uint64_t out, uint64_t in) {
    into.out = pack_size(unpack_size(into.out) + out);
    into.in = pack_size(unpack_size(into.in) + in);
  }

  uint32_t base_ = 0, count_ = 0;
  uint32_t last_ = 0;  // time of the last call, which may be one with the last check-in
  uint16_t join_ = 2 * 16;
  uint8_t used_ = 0;
  uint8_t held_ : 2 = 0, joined_ : 6 = 0;  // joined: calls that were one with the one before
  std::array<CheckIn, Size> check_ins_{};
};

using Rhythm = RhythmOf<kMostTimes>;
/// What a key has until it has called often enough to be worth a Rhythm.
using Inkling = RhythmOf<6>;
static_assert(sizeof(Rhythm) == 528 && sizeof(Inkling) == 64);

}  // namespace lapwing::analytics
