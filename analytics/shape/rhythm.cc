#include "analytics/shape/rhythm.h"

namespace lapwing::analytics {
namespace {

struct List {
  std::array<uint32_t, kMostTimes> memory;
  size_t size = 0;
  void push(uint32_t value) { memory[size++] = value; }
  std::span<const uint32_t> view() const { return {memory.data(), size}; }
};

uint16_t window(Times times) {
  constexpr uint16_t kLeast = 2 * 16;
  if (times.size() < 4) return kLeast;
  List gaps;
  for (size_t i = 1; i < times.size(); ++i) gaps.push(times[i] - times[i - 1]);
  const auto middle = gaps.memory.begin() + static_cast<ptrdiff_t>(gaps.size / 2);
  std::nth_element(gaps.memory.begin(), middle, gaps.memory.begin() + static_cast<ptrdiff_t>(gaps.size));
  return static_cast<uint16_t>(std::clamp<uint32_t>(*middle / 10, kLeast, UINT16_MAX));
}

/// The first of each that are one: a ring was filled under the window of its day.
List joined(Times times, uint32_t least) {
  List out;
  for (uint32_t time : times) {
    if (out.size == 0 || time - out.memory[out.size - 1] >= least) out.push(time);
  }
  return out;
}

bool alike(uint16_t size, uint16_t centre) {
  const auto a = static_cast<int64_t>(unpack_size(size)), b = static_cast<int64_t>(unpack_size(centre));
  return std::abs(a - b) <= std::max<int64_t>(16, b / 10);
}

/// Times of the check-ins that are as long, both ways, as most are.
List most_alike(std::span<const CheckIn> check_ins) {
  List best;
  for (const CheckIn& centre : check_ins) {
    List like;
    for (const CheckIn& other : check_ins) {
      if (alike(other.out, centre.out) && alike(other.in, centre.in)) like.push(other.time);
    }
    if (like.size > best.size) best = like;
    if (2 * best.size > check_ins.size()) break;
  }
  return best;
}

/// Of fast ones, that none was joined is part of it.
bool exact(Times times, bool none_joined) {
  constexpr size_t kEnough = 8, kEnoughFast = 16;
  constexpr uint32_t kSlow = 10 * 16;
  if (times.size() < kEnough) return false;
  uint32_t least = UINT32_MAX, most = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    least = std::min(least, times[i] - times[i - 1]);
    most = std::max(most, times[i] - times[i - 1]);
  }
  if (least >= kSlow) return most - least <= least / 2;
  return times.size() >= kEnoughFast && none_joined && most <= 2 * least;
}

RhythmJudgement::Evidence evidence(Times times, const Band& band, const Comb& comb) {
  return {static_cast<uint32_t>(times.size()), band.share, band_needed(times.size()), comb.share,
          comb_needed(times.size())};
}

/// Period, jitter and what was missed.
void measure(Times times, const Band& band, const Comb& comb, RhythmJudgement& out) {
  List single;
  for (size_t i = 1; i < times.size(); ++i) {
    const uint32_t gap = times[i] - times[i - 1];
    if (gap >= band.low && gap <= band.high) single.push(gap);
  }
  if (single.size == 0) return;
  std::sort(single.memory.begin(), single.memory.begin() + static_cast<ptrdiff_t>(single.size));
  const bool by_clock = band.share < band_needed(times.size()) && comb.share >= comb_needed(times.size());
  out.period = by_clock ? comb.period / 16 : single.memory[single.size / 2];
  const uint64_t spread = single.memory[single.size - 1] - single.memory[0];
  out.jitter_percent = out.period ? static_cast<uint32_t>(spread * 50 / out.period) : 0;
  uint64_t periods = 0, missed = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    const uint64_t whole = (uint64_t{times[i]} - times[i - 1] + out.period / 2) / std::max(1U, out.period);
    periods += std::max<uint64_t>(whole, 1);
    missed += whole > 1 ? whole - 1 : 0;
  }
  out.missed_percent = static_cast<uint32_t>(missed * 100 / std::max<uint64_t>(periods, 1));
}

}  // namespace

uint16_t join_window(std::span<const CheckIn> check_ins) {
  List times;
  for (const CheckIn& one : check_ins) times.push(one.time);
  return window(times.view());
}

RhythmJudgement judge_rhythm(std::span<const CheckIn> check_ins, uint32_t joined_percent) {
  RhythmJudgement out;
  List every;
  for (const CheckIn& one : check_ins) every.push(one.time);
  const uint32_t least = window(every.view());
  const List all = joined(every.view(), least), alike = most_alike(check_ins), same = joined(alike.view(), least);
  const bool differ = same.size != all.size;  // of the same times all are the same
  // Where chance reigns and calls are as frequent as the window is long, many are joined, and each makes a gap longer.
  const uint32_t shortest = least + least * joined_percent / 50;
  const Band all_band = band(all.view(), shortest), same_band = differ ? band(same.view(), shortest) : all_band;
  const Comb all_comb = comb(all.view()), same_comb = differ ? comb(same.view()) : all_comb;
  out.all = evidence(all.view(), all_band, all_comb);
  out.same_size = evidence(same.view(), same_band, same_comb);
  out.exact = exact(all.view(), joined_percent == 0);
  if (!check_ins.empty()) out.same_size_percent = static_cast<uint32_t>(alike.size * 100 / check_ins.size());
  if (out.exact || out.all.holds() || !out.same_size.holds()) {
    measure(all.view(), all_band, all_comb, out);
  } else {
    measure(same.view(), same_band, same_comb, out);
  }
  return out;
}

}  // namespace lapwing::analytics
