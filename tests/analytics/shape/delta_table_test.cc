#include "analytics/shape/delta_table.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "analytics/shape/fan.h"
#include "analytics/shape/volume.h"
#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

using Key16 = std::array<uint8_t, 16>;
using Sum = DeltaTable<Key16, Traffic>;

/// Keys that differ behind what decides the order first.
Key16 key(uint64_t number) {
  Key16 out{};
  out[0] = static_cast<uint8_t>(number % 3);
  out[8 + number % 5] = static_cast<uint8_t>(number >> 3);
  out[15] = static_cast<uint8_t>(number);
  return out;
}

std::map<Key16, Traffic> rows(const Sum& table) {
  std::map<Key16, Traffic> out;
  const Key16* before = nullptr;
  table.walk([&](const Key16& key, const Traffic& value) {
    EXPECT_TRUE(before == nullptr || *before < key) << "in the order of the bytes";
    before = &key;
    out[key] = value;
  });
  return out;
}

/// A table that is sealed whenever it is merged.
struct Sealed {
  Sum table{1};
  void merge(Sealed other) {
    table.seal();
    other.table.seal();
    table.merge(other.table);
  }
};

TEST(DeltaTable, ObeysTheLawOfTheDelta) {
  for (size_t count : {0, 1, 300, 3000}) {
    expect_law_of_delta(
        count, [] { return Sealed(); },
        [](Sealed& sum, size_t i) {
          sum.table.at(key(i * 31 % 977)).merge({i, 1});
        },
        [](Sealed a, Sealed b) {
          a.table.seal();
          b.table.seal();
          return rows(a.table) == rows(b.table);
        });
  }
}

TEST(DeltaTable, SumsOfManyAreWhatOneMapHolds) {
  std::mt19937_64 random(4);
  std::map<Key16, Traffic> expected;
  Sum sum, part(7);
  for (int second = 0; second < 200; ++second) {
    for (int i = 0; i < 500; ++i) {
      const Key16 at = key(random() % 40'000);
      part.at(at).merge({1, 2});
      expected[at].merge({1, 2});
    }
    part.seal();
    sum.merge(part);
    part.clear();
    EXPECT_TRUE(part.empty());
  }
  EXPECT_EQ(rows(sum), expected);
}

TEST(DeltaTable, WhatNewKeysSayWhenItIsFullGoesIntoTheOverflow) {
  Sum table(1, 100);
  for (uint64_t i = 0; i < 150; ++i) {
    Key16 at{};
    at[3] = static_cast<uint8_t>(i);
    EXPECT_EQ(table.full(), i >= 100);
    table.at(at).merge({1, 0});
    table.at(Key16{}).merge({1, 0});
  }
  EXPECT_EQ(table.size(), 100U);
  EXPECT_EQ(table.overflowed(), 50U);
  EXPECT_EQ(table.overflow().out, 50U);
  table.seal();
  EXPECT_EQ(rows(table)[Key16{}].out, 151U);

  Sum other(1, 100), sum;
  other.at(Key16{9}).merge({7, 0});
  other.seal();
  sum.merge(table);
  sum.merge(other);
  EXPECT_EQ(sum.size(), 101U) << "a sum has no bound of its own";
  EXPECT_EQ(sum.overflow().out, 50U);
  table.merge(other);
  EXPECT_EQ(table.size(), 100U);
  EXPECT_EQ(table.overflow().out, 57U);
}

TEST(DeltaTable, KeepsTheMemoryThatItUsesAndNothingElseWhenCleared) {
  DeltaTable<uint64_t, Fan> table(3);
  size_t bytes = 0;
  for (uint64_t second = 0; second < 70'000; ++second) {
    // Through all generations of its index.
    const uint64_t keys = second % 10'000 == 0 ? DeltaTable<uint64_t, Fan>::kMostKeys : 3;
    for (uint64_t i = 0; i < keys; ++i) ASSERT_TRUE(table.at(second + i * 7).add(i << 40));
    ASSERT_EQ(table.size(), keys);
    table.seal();
    const size_t full = table.bytes();
    table.clear();
    if (keys > 3) {
      EXPECT_EQ(table.bytes(), full) << "more of the same may come";
    } else if (second % 10'000 == 1) {
      EXPECT_LT(table.bytes(), full / 100) << "what an unusual second took goes";
    } else if (second % 10'000 == 3) {
      bytes = table.bytes();
    } else if (second % 10'000 > 3) {
      ASSERT_EQ(table.bytes(), bytes);
    }
  }
}

}  // namespace
}  // namespace lapwing::analytics
