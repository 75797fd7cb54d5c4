// Datasets at the size of threat intelligence: what values cost, where they go on growing, and where they are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "sensor/base/text.h"
#include "signatures/datasets/dataset.h"

namespace lapwing::test {

namespace {

/// jemalloc's, where that is linked in.
extern "C" int mallctl(const char* name, void* old, size_t* old_size, void* fresh, size_t fresh_size)
    __attribute__((weak));

/// Bytes that this thread has been given and not given back.
uint64_t allocated() {
  if (!mallctl) return mallinfo2().uordblks + mallinfo2().hblkhd;
  uint64_t given = 0, back = 0;
  size_t size = sizeof given;
  mallctl("thread.allocated", &given, &size, nullptr, 0);
  mallctl("thread.deallocated", &back, &size, nullptr, 0);
  return given - back;
}

using rules::Dataset;
using rules::DatasetType;
using rules::ValueTable;
using Added = Dataset::Added;

constexpr uint64_t kMemcap = 100 << 20;

/// Values of `size` bytes, each number another.
std::string numbered(uint64_t number, size_t size) {
  std::string out(size, 'x');
  for (size_t i = 0; i < std::min<size_t>(size, 8); i++) out[i] = static_cast<char>(number >> 8 * i);
  return out;
}

struct Kind {
  DatasetType type;
  size_t value_size;
  uint64_t cost;  // bytes a value, its own included
};

class DatasetOf : public testing::TestWithParam<Kind> {};

TEST_P(DatasetOf, AMillionFitsTheDefaultMemcap) {
  const Kind kind = GetParam();
  Dataset set("s", kind.type, kMemcap);
  constexpr uint64_t kCount = 1'000'000;
  for (uint64_t i = 0; i < kCount; i++) {
    ASSERT_EQ(set.add(to_bytes(numbered(i, kind.value_size))), Added::fresh) << i;
  }
  EXPECT_EQ(set.size(), kCount);
  EXPECT_LE(set.used(), kCount * kind.cost + 64);
  for (uint64_t i = 0; i < kCount; i++) ASSERT_TRUE(set.find(to_bytes(numbered(i, kind.value_size)))) << i;
  for (uint64_t i = kCount; i < kCount + 1000; i++) ASSERT_FALSE(set.find(to_bytes(numbered(i, kind.value_size))));
  EXPECT_EQ(set.add(to_bytes(numbered(7, kind.value_size))), Added::known);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DatasetOf,
                         testing::Values(Kind{DatasetType::string, 18, 28}, Kind{DatasetType::md5, 16, 24},
                                         Kind{DatasetType::sha256, 32, 40}, Kind{DatasetType::ipv4, 4, 12},
                                         Kind{DatasetType::ip, 16, 24}, Kind{DatasetType::ip, 4, 24}),
                         [](const auto& row) {
                           return std::string(name_of(row.param.type)) + std::to_string(row.param.value_size);
                         });

TEST(ValueTable, ChargesWhatTheAllocatorGives) {
  for (const bool json : {false, true}) {
    const uint64_t before = allocated();
    ValueTable table(0, kMemcap);
    const uint64_t count = json ? 200'000 : 1'000'000;
    for (uint64_t i = 0; i < count; i++) {
      ASSERT_TRUE(table.add(to_bytes(numbered(i, 18)), {0, json ? std::string(60, '{') : ""}));
    }
    const uint64_t taken = allocated() - before;
    if (taken == 0) GTEST_SKIP() << "this allocator gives no figures";
    EXPECT_NEAR(static_cast<double>(table.used()), static_cast<double>(taken), 0.1 * static_cast<double>(taken));
  }
}

TEST(ValueTable, AgreesWithAMapThroughAdditionsAndRemovals) {
  // Lengths around those where the length takes a byte more, a size of record becomes a step and a page ends.
  const size_t sizes[] = {1, 2, 3, 4, 5, 18, 127, 128, 129, 250, 251, 255, 300, 4095, 16383, 16384, 20000, 70000};
  ValueTable table(0, kMemcap);
  std::map<std::string, ValueTable::Aside> map;
  std::mt19937 random(1);
  for (int i = 0; i < 60000; i++) {
    const std::string value = numbered(random() % 200, sizes[random() % std::size(sizes)]);
    if (random() % 2) {
      ValueTable::Aside aside;
      if (random() % 3 == 0) aside.reputation = static_cast<uint16_t>(random());
      if (random() % 5 == 0)
        aside.json = "{\"of\":" + std::to_string(value.size()) + ",\"n\":" + std::to_string(i) + "}";
      if (!map.emplace(value, aside).second) continue;
      ASSERT_TRUE(table.add(to_bytes(value), aside));
    } else {
      ASSERT_EQ(table.remove(to_bytes(value)), map.erase(value) == 1);
    }
  }
  EXPECT_EQ(table.size(), map.size());
  for (const auto& [value, aside] : map) {
    auto found = table.find(to_bytes(value));
    ASSERT_TRUE(found) << value.size();
    EXPECT_EQ(found->reputation, aside.reputation);
    EXPECT_EQ(found->json, aside.json);
  }
  size_t seen = 0;
  table.each([&](Bytes value) { seen += map.contains(std::string(to_text(value))); });
  EXPECT_EQ(seen, map.size());
}

TEST(ValueTable, TakesThePlaceOfWhatWasRemoved) {
  ValueTable table(0, kMemcap);
  for (uint64_t i = 0; i < 1000; i++)
    ASSERT_TRUE(table.add(to_bytes(numbered(i, 18)), {5, "{\"a\":1,\"b\":\"long\"}"}));
  const uint64_t used = table.used();
  for (uint64_t i = 1000; i < 50000; i++) {
    ASSERT_TRUE(table.remove(to_bytes(numbered(i - 1000, 18))));
    ASSERT_TRUE(table.add(to_bytes(numbered(i, 18)), {5, "{\"a\":1,\"b\":\"long\"}"}));
  }
  EXPECT_EQ(table.used(), used);
}

TEST(ValueTable, StopsAtTheMemcapAndGoesOnBehindARemoval) {
  for (const size_t size : {4u, 18u, 400u}) {
    ValueTable table(0, 10000);
    table.reserve(1u << 30);
    EXPECT_LE(table.used(), 10000u / 4) << "buckets that nothing needs yet leave the room to values";
    uint64_t n = 0;
    while (table.add(to_bytes(numbered(n, size)), {})) n++;
    EXPECT_LE(table.used(), 10000u);
    EXPECT_GT(n * (size + 20), 7000u);
    EXPECT_FALSE(table.find(to_bytes(numbered(n, size))));
    for (uint64_t i = 0; i < n; i++) EXPECT_TRUE(table.find(to_bytes(numbered(i, size))));
    ASSERT_TRUE(table.remove(to_bytes(numbered(0, size))));
    EXPECT_TRUE(table.add(to_bytes(numbered(n, size)), {}));
    EXPECT_FALSE(table.add(to_bytes(numbered(n + 1, size)), {}));
  }
}

TEST(ValueTable, ReputationsTakeAWordAndJsonItsBytes) {
  ValueTable plain(4, kMemcap), rated(4, kMemcap), told(4, kMemcap);
  for (uint64_t i = 0; i < 1000; i++) {
    ASSERT_TRUE(plain.add(to_bytes(numbered(i, 4)), {}));
    ASSERT_TRUE(rated.add(to_bytes(numbered(i, 4)), {9, ""}));
    ASSERT_TRUE(told.add(to_bytes(numbered(i, 4)), {0, std::string(100, ' ')}));
  }
  EXPECT_EQ(rated.used(), plain.used() + 4000);
  EXPECT_GE(told.used(), rated.used() + 1000 * 140);
  ASSERT_TRUE(told.remove(to_bytes(numbered(3, 4))));
  EXPECT_LT(told.used(), rated.used() + 1000 * 152 - 100);
}

TEST(Dataset, WorkersReadWhileOthersChangeIt) {
  Dataset set("s", DatasetType::string, kMemcap);
  for (uint64_t i = 0; i < 1000; i++) set.add(to_bytes(numbered(i, 18)));
  std::atomic<uint64_t> missing = 0, fresh = 0;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; worker++) {
    workers.emplace_back([&, worker] {
      for (uint64_t i = 0; i < 20000; i++) {
        if (!set.find(to_bytes(numbered(i % 1000, 18)))) missing++;
        const std::string value = numbered(1000 + i, 10 + i % 30);
        if (set.add(to_bytes(value)) == Added::fresh) fresh++;
        if (worker == 0 && i % 3 == 0 && set.remove(to_bytes(value))) fresh--;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(missing, 0u);
  EXPECT_EQ(set.size(), 1000 + fresh);
}

}  // namespace

}  // namespace lapwing::test
