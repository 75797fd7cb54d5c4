#include "analytics/shape/table.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <string>

namespace lapwing::analytics {
namespace {

using Name = std::array<char, 4>;

Name name(uint32_t number) {
  return {static_cast<char>('a' + number / 676 % 26), static_cast<char>('a' + number / 26 % 26),
          static_cast<char>('a' + number % 26), '.'};
}

TEST(Table, EvictsTheLeastWorthThenTheLongestUntouched) {
  Table<Name, int> table(4, 1);
  for (uint32_t i = 0; i < 4; ++i) table.touch(name(i), 10 + i).value = static_cast<int>(i);
  table.set_worth(*table.find(name(0)), 2);
  table.set_worth(*table.find(name(1)), 5);
  table.touch(name(2), 20);  // so that 3 is the longest untouched of no worth
  table.touch(name(4), 21);
  EXPECT_EQ(table.find(name(3)), nullptr);
  table.touch(name(5), 22);
  EXPECT_EQ(table.find(name(2)), nullptr);
  table.set_worth(*table.find(name(4)), 3);
  table.set_worth(*table.find(name(5)), 3);
  table.touch(name(6), 23);
  EXPECT_EQ(table.find(name(0)), nullptr) << "worth less than the others";
  EXPECT_EQ(table.find(name(1))->value, 1);
  EXPECT_EQ(table.evicted(), 3U);
  EXPECT_EQ(table.keys(), 4U);
}

TEST(Table, ExpiresWhatNobodyTouched) {
  Table<Name, int> table(100, 1);
  for (uint32_t i = 0; i < 10; ++i) table.touch(name(i), 100 + i);
  table.touch(name(0), 200);
  table.set_worth(table.touch(name(2), 103), 5);
  std::string gone;
  table.expire(107, [&](const auto& entry) { gone += entry.key()[2]; });
  EXPECT_EQ(gone, "bdefg") << "not 0 and 2, which were touched at the clock of 200";
  EXPECT_EQ(table.keys(), 5U);
  EXPECT_EQ(table.evicted(), 0U);
}

/// What the table promises, by looking at everything.
class Naive {
 public:
  struct Row {
    uint8_t worth = 0;
    uint64_t turn = 0;  // of the last touch
    int value = 0;
  };
  explicit Naive(size_t cap) : cap_(cap) {}
  Row& touch(const Name& key) {
    if (!rows.contains(key) && rows.size() == cap_) {
      auto least = rows.end();
      for (auto row = rows.begin(); row != rows.end(); ++row) {
        if (least == rows.end() ||
            std::pair(row->second.worth, row->second.turn) < std::pair(least->second.worth, least->second.turn))
          least = row;
      }
      rows.erase(least);
    }
    rows[key].turn = ++turn_;
    return rows[key];
  }
  void set_worth(const Name& key, uint8_t worth) {
    rows[key].worth = worth;
    rows[key].turn = ++turn_;
  }
  std::map<Name, Row> rows;

 private:
  size_t cap_;
  uint64_t turn_ = 0;
};

TEST(Table, IsWhatLookingAtEverythingGivesWhateverTheSeed) {
  for (uint64_t seed : {1, 2, 3}) {
    std::mt19937_64 random(5);  // the same for each seed
    Table<Name, int> table(60, seed);
    Naive naive(60);
    for (int step = 0; step < 30'000; ++step) {
      const Name key = name(static_cast<uint32_t>(random() % 200));
      auto* known = table.find(key);
      ASSERT_EQ(known != nullptr, naive.rows.contains(key));
      switch (random() % 10) {
        case 0:
          if (!known) break;
          table.erase(*known);
          naive.rows.erase(key);
          break;
        case 1: {
          const auto worth = static_cast<uint8_t>(random() % 4);
          if (!known) break;
          table.set_worth(*known, worth);
          naive.set_worth(key, worth);
          break;
        }
        default: {
          auto& entry = table.touch(key, static_cast<uint32_t>(step));
          auto& row = naive.touch(key);
          ASSERT_EQ(entry.value, row.value);
          entry.value = row.value = step;
        }
      }
      ASSERT_EQ(table.keys(), naive.rows.size());
    }
    auto row = naive.rows.begin();
    table.walk([&](const auto& entry) {
      ASSERT_EQ(entry.key(), row->first);
      ASSERT_EQ(entry.value, row->second.value);
      ++row;
    });
    EXPECT_EQ(row, naive.rows.end());
  }
}

TEST(Table, TakesNoMoreMemoryThanItsCap) {
  Table<uint64_t, uint64_t> table(10'000, 1);
  for (uint64_t key = 0; key < 10'000; ++key) table.touch(key, 1);
  const size_t bytes = table.bytes();
  EXPECT_LT(bytes, 10'000U * (16 + 16 + 11) + 256 * 32);
  for (uint64_t key = 0; key < 1'000'000; ++key) table.touch(key, 1);
  EXPECT_EQ(table.bytes(), bytes);
  EXPECT_EQ(table.keys(), 10'000U);
  EXPECT_EQ(table.evicted(), 980'000U + 10'000U);
}

}  // namespace
}  // namespace lapwing::analytics
