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

/// Sizes that are as good as one.
struct Alike {
  uint64_t least = 0, most = 0;
  explicit Alike(uint64_t centre) {
    const uint64_t off = std::max<uint64_t>(16, centre / 10);
    least = centre - std::min(centre, off);
    most = centre + off;
  }
  bool operator()(uint64_t size) const { return size >= least && size <= most; }
};

/// Times of the check-ins that are as long, both ways, as most are.
List most_alike(std::span<const CheckIn> check_ins) {
  std::array<uint64_t, kMostTimes> out, in;
  for (size_t i = 0; i < check_ins.size(); ++i) {
    out[i] = unpack_size(check_ins[i].out);
    in[i] = unpack_size(check_ins[i].in);
  }
  size_t most = 0, best = 0;
  for (size_t centre = 0; centre < check_ins.size() && 2 * most <= check_ins.size(); ++centre) {
    const Alike like_out(out[centre]), like_in(in[centre]);
    size_t like = 0;
    for (size_t i = 0; i < check_ins.size(); ++i) like += like_out(out[i]) & like_in(in[i]);
    if (like <= most) continue;
    most = like;
    best = centre;
  }
  List times;
  if (most == 0) return times;
  const Alike like_out(out[best]), like_in(in[best]);
  for (size_t i = 0; i < check_ins.size(); ++i) {
    if (like_out(out[i]) && like_in(in[i])) times.push(check_ins[i].time);
  }
  return times;
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

namespace {

/// What is judged.
struct JudgedTimes {
  JudgedTimes(std::span<const CheckIn> of, uint32_t joined_percent) : check_ins(of) {
    List every;
    for (const CheckIn& one : of) every.push(one.time);
    least = window(every.view());
    all = joined(every.view(), least);
    // Where chance reigns and calls are as frequent as the window is long, many are joined, and each makes a gap
    // longer.
    shortest = least + least * joined_percent / 50;
  }
  void find_alike() {
    const List times = most_alike(check_ins);
    alike = times.size;
    same = joined(times.view(), least);
    differ = same.size != all.size;  // of the same times all are the same
  }

  std::span<const CheckIn> check_ins;
  uint32_t least = 0, shortest = 0;
  List all, same;
  size_t alike = 0;
  bool differ = false;
};

bool banded(Times times, uint32_t shortest) {
  const int32_t needed = band_needed(times.size());
  return needed <= 1000 && band(times, shortest).share >= needed;
}
bool combed(Times times) {
  const int32_t needed = comb_needed(times.size());
  return needed <= 1000 && comb(times, needed).share >= needed;
}

}  // namespace

RhythmVerdict verdict_of(std::span<const CheckIn> check_ins, uint32_t joined_percent) {
  JudgedTimes judged(check_ins, joined_percent);
  RhythmVerdict out{.exact = exact(judged.all.view(), joined_percent == 0)};
  // The cheapest first.
  out.holds = banded(judged.all.view(), judged.shortest);
  if (out.holds || (band_needed(judged.all.size) > 1000 && comb_needed(judged.all.size) > 1000)) return out;
  judged.find_alike();
  out.holds = (judged.differ && banded(judged.same.view(), judged.shortest)) || combed(judged.all.view()) ||
              (judged.differ && combed(judged.same.view()));
  return out;
}

RhythmJudgement judge_rhythm(std::span<const CheckIn> check_ins, uint32_t joined_percent) {
  RhythmJudgement out;
  JudgedTimes judged(check_ins, joined_percent);
  judged.find_alike();
  const Times all = judged.all.view(), same = judged.same.view();
  const Band all_band = band(all, judged.shortest), same_band = judged.differ ? band(same, judged.shortest) : all_band;
  const Comb all_comb = comb(all), same_comb = judged.differ ? comb(same) : all_comb;
  out.all = evidence(all, all_band, all_comb);
  out.same_size = evidence(same, same_band, same_comb);
  out.exact = exact(all, joined_percent == 0);
  if (!check_ins.empty()) out.same_size_percent = static_cast<uint32_t>(judged.alike * 100 / check_ins.size());
  if (out.exact || out.all.holds() || !out.same_size.holds()) {
    measure(all, all_band, all_comb, out);
  } else {
    measure(same, same_band, same_comb, out);
  }
  return out;
}

}  // namespace lapwing::analytics
