#include "analytics/shape/rhythm.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/analytics/shape/listen.h"
#include "tests/analytics/shape/rita.h"

namespace lapwing::analytics {
namespace {

std::vector<uint32_t> times_of(const std::vector<uint32_t>& gaps) {
  std::vector<uint32_t> out = {1000};
  for (uint32_t gap : gaps) out.push_back(out.back() + gap);
  return out;
}

TEST(Band, WeighsGapsByWhatExplainsThem) {
  struct Case {
    std::vector<uint32_t> gaps;
    int32_t share;
    uint32_t low;
  };
  for (const auto& [gaps, share, low] : {
           Case{{100, 100, 100, 100}, 1000, 100},
           Case{{100, 260, 200, 150}, 1000, 100},
           Case{{100, 100, 100, 300}, 925, 100},      // one was missed
           Case{{100, 100, 100, 700}, 875, 100},      // two
           Case{{100, 100, 100, 1000}, 825, 100},     // three
           Case{{100, 100, 100, 2000}, 750, 100},     // whatever that was
           Case{{10, 100, 100, 100, 100}, 600, 100},  // and this cannot be
           Case{{33, 40, 50, 60, 70}, 760, 33},       // just above the window of 32
           Case{{}, 0, 0},
       }) {
    const Band found = band(times_of(gaps), 32);
    EXPECT_EQ(found.share, share) << ::testing::PrintToString(gaps);
    EXPECT_EQ(found.low, low) << ::testing::PrintToString(gaps);
  }
}

TEST(Comb, FindsAClockUnderOtherTraffic) {
  std::mt19937 random(1);
  std::vector<uint32_t> times;
  for (uint32_t i = 0; i < 32; ++i) times.push_back(5000 + 216 * i);  // 13.5 s
  const Comb clean = comb(times);
  EXPECT_GE(clean.share, 990);
  EXPECT_NEAR(clean.period / 256.0, 13.5, 0.02);
  for (int i = 0; i < 16; ++i) times.push_back(5000 + static_cast<uint32_t>(random() % (216 * 32)));
  std::ranges::sort(times);
  const Comb mixed = comb(times);
  EXPECT_GE(mixed.share, comb_needed(times.size()));
  EXPECT_NEAR(mixed.period / 256.0, 13.5, 0.1);
  EXPECT_EQ(comb({}).share, 0);
  const std::vector<uint32_t> at_once(64, 77);
  EXPECT_EQ(comb(at_once).share, 0);
}

TEST(Rhythm, NeedsLessTheMoreItHeard) {
  for (auto [n, band, comb] : {std::tuple<size_t, int32_t, int32_t>{11, 1001, 1001},
                               {12, 940, 731},
                               {14, 930, 694},
                               {16, 920, 663},
                               {48, 850, 458},
                               {64, 830, 417},
                               {99, 830, 363}}) {
    EXPECT_EQ(band_needed(n), band) << n;
    EXPECT_EQ(comb_needed(n), comb) << n;
  }
}

TEST(Rhythm, SizesKeepTheirOrderAndElevenBits) {
  EXPECT_EQ(unpack_size(pack_size(UINT64_MAX)), uint64_t{2047} << 53);
  uint16_t before = 0;
  for (uint64_t size = 0; size < uint64_t{1} << 40; size += 1 + size / 700) {
    const uint16_t code = pack_size(size);
    ASSERT_GE(code, before);
    ASSERT_LE(unpack_size(code), size);
    ASSERT_LE(size - unpack_size(code), size >> 10);
    before = code;
  }
}

TEST(Rhythm, AnAgentIsFoundAtItsSixteenthCallAndExplainedByNumbers) {
  Rhythm rhythm;
  const int gaps[] = {3600, 3400, 3600, 3300, 3400, 3800, 3500, 3800};
  int64_t milliseconds = 1'700'000'000'000;
  for (int i = 0; i < 16; ++i) {
    const bool due = rhythm.add({milliseconds * 1'000'000}, i == 5 ? 5000 : 236, 141);
    EXPECT_EQ(due, i == 7 || i == 11 || i == 15);
    if (due) {
      EXPECT_EQ(rhythm.settle(), i == 15);
    }
    milliseconds += gaps[i % 8];
  }
  const auto judged = rhythm.judge();
  EXPECT_EQ(judged.all.n, 16U);
  EXPECT_EQ(judged.all.band, 1000);
  EXPECT_EQ(judged.all.band_needed, 920);
  EXPECT_EQ(judged.period, 56U);  // 3.5 s
  EXPECT_NEAR(judged.jitter_percent, 7, 1);
  EXPECT_EQ(judged.missed_percent, 0U);
  EXPECT_EQ(judged.same_size_percent, 93U);
  EXPECT_EQ(judged.same_size.n, 15U);
}

TEST(Rhythm, WhatIsMissedIsCounted) {
  Rhythm rhythm;
  for (int i = 0; i < 40; ++i) {
    if (i % 4 != 3) rhythm.add(Timestamp::from_seconds(1'700'000'000 + 60 * i), 100, 100);
  }
  const auto judged = rhythm.judge();
  EXPECT_EQ(judged.period, 60U * 16);
  EXPECT_NEAR(judged.missed_percent, 25, 2);
  EXPECT_TRUE(judged.holds());
}

TEST(Rhythm, CallsThatAreCloseAreOneAndLateOnesFindTheirPlace) {
  auto at = [](double second) { return Timestamp{static_cast<int64_t>((1'700'000'000 + second) * 16) * 62'500'000}; };
  Rhythm rhythm;
  rhythm.add(at(0), 100, 10);
  for (double second : {1.5, 3.0, 4.5}) rhythm.add(at(second), 100, 10);  // each within 2 s of the one before
  EXPECT_EQ(rhythm.count(), 1U);
  EXPECT_EQ(unpack_size(rhythm.check_ins()[0].out), 400U);
  rhythm.add(at(30), 1, 1);
  rhythm.add(at(20), 2, 2);
  rhythm.add(at(29), 5, 5);
  rhythm.add(at(-50), 3, 3);
  ASSERT_EQ(rhythm.count(), 4U);
  const auto all = rhythm.check_ins();
  EXPECT_EQ(rhythm.time(all[0]), at(-50));
  EXPECT_EQ(rhythm.time(all[1]), at(0));
  EXPECT_EQ(rhythm.time(all[2]), at(20));
  EXPECT_EQ(rhythm.time(all[3]), at(29)) << "the first of both";
  EXPECT_EQ(all[3].out, 6);
}

// Calls of each few seconds, of which none would have been joined: chance leaves no such gap.
TEST(Rhythm, FastOnesAreFoundWhereNoneIsClose) {
  for (bool close : {false, true}) {
    test::Dice dice(5);
    Rhythm rhythm;
    bool found = false;
    double second = 0;
    for (int i = 0; i < 24; ++i) {
      second += 2.3 + 1.5 * uniform(dice);
      for (double at : {second, second + 0.7}) {
        const Timestamp time{static_cast<int64_t>((1.7e9 + at) * 1000) * 1'000'000};
        if ((at == second || close) && rhythm.add(time, 600, 300)) found |= rhythm.settle();
      }
    }
    EXPECT_EQ(found, !close);
  }
}

// Whose mean gap is little more than what is joined.
TEST(Rhythm, RandomClientsInAHurryHaveNone) {
  test::Dice dice(3);
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    const double mean = 0.5 + 5 * uniform(dice);
    Series calls;
    for (double time = 60; calls.size() < 400;) calls.push_back({time += exponential(dice, mean), 400, 900});
    found += listen(calls).found;
  }
  EXPECT_LE(found, 3);
}

TEST(Rhythm, FewAreEnoughWhereTheClockIsExact) {
  for (double spread : {0.0, 0.2, 0.4}) {
    Rhythm rhythm;
    test::Dice dice(8);
    bool found = false;
    for (int i = 0; i < 8; ++i) {
      const double second = 1.7e9 + 60 * (i + spread * uniform(dice));
      if (rhythm.add({static_cast<int64_t>(second * 1000) * 1'000'000}, 236, 141)) found = rhythm.settle();
    }
    EXPECT_EQ(found, spread < 0.3) << spread;
  }
}

TEST(Rhythm, GoesOnFromAnInkling) {
  Inkling little;
  Rhythm whole;
  uint32_t due = 0;
  const Series calls = beacon({.period = 60, .jitter = 0.2}, 7200, 3);
  for (const Call& call : calls) {
    const Timestamp time{static_cast<int64_t>((1.7e9 + call.time) * 1000) * 1'000'000};
    due += whole.add(time, call.out, call.in);
    if (!little.full()) {
      little.add(time, call.out, call.in);
      if (little.full()) whole = Rhythm(little);
    }
  }
  Rhythm alone;
  for (const Call& call : calls)
    alone.add({static_cast<int64_t>((1.7e9 + call.time) * 1000) * 1'000'000}, call.out, call.in);
  EXPECT_GE(due, 8U);
  EXPECT_EQ(whole.judge().all.band, alone.judge().all.band);
  EXPECT_EQ(whole.judge().all.comb, alone.judge().all.comb);
  EXPECT_EQ(whole.count(), alone.count());
}

TEST(Rhythm, HoldsWhateverItIsTold) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 300; ++round) {
    Rhythm rhythm;
    const uint64_t range = uint64_t{1} << random() % 64;
    for (int i = 0; i < 200; ++i) {
      if (rhythm.add({static_cast<int64_t>(random() % range) - 1000}, random(), random())) rhythm.settle();
      ASSERT_TRUE(std::ranges::is_sorted(rhythm.check_ins(), {}, &CheckIn::time));
    }
    const auto judged = rhythm.judge();
    ASSERT_LE(judged.all.band, 1000);
    ASSERT_LE(judged.all.comb, 1000);
    ASSERT_LE(judged.missed_percent, 100U);
  }
}

// Of beacons, and of who is nearly one.
TEST(Rhythm, AVerdictIsWhatTheWholeJudgementComesTo) {
  int held = 0, exact = 0, neither = 0;
  const auto compare = [&](const Series& calls) {
    std::vector<CheckIn> last;
    for (const Call& call : calls) {
      last.push_back({static_cast<uint32_t>(call.time * 16), pack_size(call.out), pack_size(call.in)});
      if (last.size() > kMostTimes) last.erase(last.begin());
      for (const uint32_t joined : {0U, 30U}) {
        const RhythmJudgement whole = judge_rhythm(last, joined);
        const RhythmVerdict verdict = verdict_of(last, joined);
        ASSERT_EQ(verdict, (RhythmVerdict{whole.holds(), whole.exact})) << last.size();
        held += verdict.holds;
        exact += verdict.exact;
        neither += !verdict.holds && !verdict.exact;
      }
    }
  };
  uint64_t seed = 1;
  for (const BeaconPlan& plan : beacon_grid()) compare(beacon(plan, std::min(86'400.0, 70 * plan.period), seed++));
  for (Habit habit : {Habit::poisson, Habit::human, Habit::pages}) {
    for (seed = 1; seed <= 20; ++seed) compare(random_client(habit, 70, seed));
  }
  EXPECT_GT(held, 1000);
  EXPECT_GT(exact, 1000);
  EXPECT_GT(neither, 1000);
}

TEST(Rhythm, BeaconsOfTheGridAreFoundWithinADay) {
  for (bool both_ways : {false, true}) {
    int found = 0, slow = 0, rita_sure = 0, rita_likely = 0;
    uint64_t seed = 1;
    for (const BeaconPlan& plan : beacon_grid(both_ways)) {
      const Series calls = beacon(plan, 86'400, seed++);
      const Heard heard = listen(calls);
      found += heard.found;
      slow += !heard.found && plan.period <= 300;
      const double score = rita::score(calls);
      rita_sure += score >= 0.9;
      rita_likely += score >= 0.7;
      if (heard.found && plan.jitter == 0 && plan.loss == 0) {
        EXPECT_NEAR(heard.judgement.period / 16.0, plan.period, 0.02 * plan.period + 0.2);
      }
    }
    EXPECT_GE(found, 150) << (both_ways ? "1 +- jitter" : "1 - jitter to 1");
    EXPECT_EQ(slow, 0) << "up to five minutes all are";
    RecordProperty(both_ways ? "rita_both_ways" : "rita", rita_sure * 1000 + rita_likely);
  }
}

TEST(Rhythm, RandomClientsHaveNone) {
  int hundred = 0, thousand = 0;
  for (Habit habit : {Habit::poisson, Habit::human, Habit::pages}) {
    for (uint64_t seed = 1; seed <= 333; ++seed) {
      const bool found = listen(random_client(habit, 400, seed)).found;
      thousand += found;
      hundred += found && seed <= 33;
    }
  }
  EXPECT_EQ(hundred, 0);
  EXPECT_LE(thousand, 3) << "what the gate was made for is one in a thousand";
}

}  // namespace
}  // namespace lapwing::analytics
