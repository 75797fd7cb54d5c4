// What a Delta must obey, tried with observations cut into parts in every way.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace lapwing::analytics {

/// `observe(sum, i)` adds the i-th of `count` observations. The sum of 1, 2 and 7 parts, drawn at random and merged in
/// any order and grouping, must be that of all at once; `make()` is an empty one.
template <class Make, class Observe, class Same>
void expect_law_of_delta(size_t count, Make make, Observe observe, Same same) {
  std::mt19937_64 random(1);
  auto all = make();
  for (size_t i = 0; i < count; ++i) observe(all, i);
  for (size_t parts : {1, 2, 7}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<decltype(make())> cut;
      for (size_t part = 0; part < parts; ++part) cut.push_back(make());
      std::vector<size_t> order(count);
      for (size_t i = 0; i < count; ++i) order[i] = i;
      std::ranges::shuffle(order, random);
      for (size_t i : order) observe(cut[random() % parts], i);
      while (cut.size() > 1) {
        std::ranges::shuffle(cut, random);
        const auto last = cut.back();
        cut.pop_back();
        cut.front().merge(last);
      }
      cut.front().merge(make());
      ASSERT_TRUE(same(cut.front(), all)) << parts << " parts, round " << round;
    }
  }
}

template <class Delta, class Observe>
void expect_law_of_delta(size_t count, Observe observe) {
  expect_law_of_delta(
      count, [] { return Delta(); }, observe, [](const Delta& a, const Delta& b) { return a == b; });
}

}  // namespace lapwing::analytics
