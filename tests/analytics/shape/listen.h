// A rhythm that hears a series of calls.
#pragma once

#include "analytics/shape/rhythm.h"
#include "tests/analytics/shape/series.h"

namespace lapwing::analytics {

struct Heard {
  bool found = false;
  uint32_t check_ins = 0;  // until it was found, or in all
  double after = 0;        // seconds from the first call
  RhythmJudgement judgement;
};

inline Heard listen(const Series& calls) {
  constexpr double kStart = 1.7e9;
  Heard out;
  Rhythm rhythm;
  for (const Call& call : calls) {
    const Timestamp time{static_cast<int64_t>((kStart + call.time) * 1000) * 1'000'000};
    if (!rhythm.add(time, call.out, call.in)) continue;
    out.found = rhythm.settle();
    if (out.found) out.judgement = rhythm.judge();
    out.after = call.time - calls.front().time;
    if (out.found) break;
  }
  out.check_ins = rhythm.count();
  return out;
}

}  // namespace lapwing::analytics
