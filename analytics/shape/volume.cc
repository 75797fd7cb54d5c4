#include "analytics/shape/volume.h"

#include <algorithm>

namespace lapwing::analytics {
namespace {

using Wide = unsigned __int128;

constexpr uint64_t kMost = uint64_t{1} << 52;  // bytes: what the averages hold

/// (1 - 1/of)^steps as a fraction of 2^32.
uint64_t decay(uint32_t of, uint32_t steps) {
  uint64_t power = (uint64_t{1} << 32) - (uint64_t{1} << 32) / of, out = uint64_t{1} << 32;
  for (; steps != 0; steps /= 2) {
    if (steps % 2 != 0) out = static_cast<uint64_t>(Wide{out} * power >> 32);
    power = static_cast<uint64_t>(Wide{power} * power >> 32);
  }
  return out;
}

uint64_t part(uint64_t value, uint64_t fraction) {
  return static_cast<uint64_t>(Wide{value} * fraction >> 32);
}

Traffic part(const Traffic& traffic, uint64_t fraction) {
  return {part(traffic.out, fraction), part(traffic.in, fraction)};
}

/// Moves an average by its n-th part towards a value in whole bytes.
uint64_t moved(uint64_t average, uint64_t value, int fraction, uint64_t n) {
  return average - average / n + (value << fraction) / n;
}

Traffic whole(const Traffic& traffic, int fraction) {
  return {traffic.out >> fraction, traffic.in >> fraction};
}

}  // namespace

int16_t producer_ratio(const Traffic& traffic) {
  const Wide all = Wide{traffic.out} + traffic.in;
  if (all == 0) return 0;
  const auto out = static_cast<int32_t>((Wide{traffic.out} * 2000 + all / 2) / all);
  return static_cast<int16_t>(out - 1000);
}

void Volume::advance(uint32_t minute) {
  if (minute_ == 0) minute_ = minute;
  if (minute <= minute_) return;
  recent_ = part(recent_, decay(60, minute - minute_));
  const uint32_t over = minute / 60 - minute_ / 60;
  minute_ = minute;
  // Hours that nothing came in count as such, one by one until a week is known.
  uint32_t hour = 0;
  for (; hour < over && (hour == 0 || hours_ < kWeek); ++hour) {
    if (hours_ < kWeek) ++hours_;
    usual_ = {moved(usual_.out, hour_.out, kFraction, hours_), moved(usual_.in, hour_.in, kFraction, hours_)};
    hour_ = {};
  }
  usual_ = part(usual_, decay(kWeek, over - hour));
}

void Volume::add(const Traffic& traffic, uint32_t second) {
  advance(second / 60);
  auto add_to = [&](uint64_t& sum, uint64_t more, uint64_t most) { sum = std::min(most, sum + std::min(more, most)); };
  add_to(hour_.out, traffic.out, kMost);
  add_to(hour_.in, traffic.in, kMost);
  add_to(recent_.out, std::min(traffic.out, kMost) << kFraction, kMost << kFraction);
  add_to(recent_.in, std::min(traffic.in, kMost) << kFraction, kMost << kFraction);
}

void Volume::save(StateWriter& out) const {
  out.u32(minute_);
  out.u8(static_cast<uint8_t>(hours_));
  for (const Traffic* traffic : {&hour_, &recent_, &usual_}) {
    out.u64(traffic->out);
    out.u64(traffic->in);
  }
}

bool Volume::load(StateReader& in) {
  minute_ = in.u32();
  hours_ = in.u8();
  bool sound = hours_ <= kWeek;
  for (Traffic* traffic : {&hour_, &recent_, &usual_}) {
    traffic->out = in.u64();
    traffic->in = in.u64();
    const uint64_t most = traffic == &hour_ ? kMost : kMost << kFraction;
    sound = sound && traffic->out <= most && traffic->in <= most;
  }
  return sound && in.ok();
}

Volume::Judgement Volume::judge(uint32_t second) const {
  Volume now = *this;
  now.advance(second / 60);
  Judgement out{.hour = now.hour_,
                .recent = whole(now.recent_, kFraction),
                .usual = whole(now.usual_, kFraction),
                .hours = now.hours_};
  out.pcr = producer_ratio(out.recent);
  out.usual_pcr = producer_ratio(out.usual);
  const Wide percent = out.usual.out != 0    ? Wide{out.recent.out} * 100 / out.usual.out
                       : out.recent.out != 0 ? UINT32_MAX
                                             : 0;
  out.out_percent = static_cast<uint32_t>(std::min<Wide>(percent, UINT32_MAX));
  return out;
}

}  // namespace lapwing::analytics
