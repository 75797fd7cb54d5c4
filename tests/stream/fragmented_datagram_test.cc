#include "sensor/stream/fragmented_datagram.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>

#include "tests/support/cost.h"

namespace lapwing {
namespace {

constexpr OverlapRule kFirst{0}, kLast{0x1ff};

class FragmentedDatagramTest : public testing::Test {
 protected:
  ~FragmentedDatagramTest() override {
    datagram.clear(memory);
    EXPECT_EQ(memory.used(), 0U);
  }
  FragmentedDatagram::Result insert(size_t begin, const std::string& text, OverlapRule rule) {
    EXPECT_TRUE(datagram.reserve(memory, begin + text.size()));
    return datagram.insert(memory, begin, as_bytes(text), rule);
  }
  static Bytes as_bytes(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }

  FragmentedDatagram::Memory memory{.pages = Slab<FragmentedDatagram::Page>(1000), .blocks = BlockPool(1 << 20)};
  FragmentedDatagram datagram;
};

TEST_F(FragmentedDatagramTest, AgreesWithANaiveModel) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const size_t size = 1 + random() % 3000;
    std::map<size_t, char> bytes;
    std::map<size_t, std::pair<size_t, size_t>> owner;
    const OverlapRule rule(static_cast<uint16_t>(random() % 512));
    for (int piece = 0; piece < 40; ++piece) {
      const size_t begin = random() % size / 8 * 8;
      size_t end = std::min(size, begin + 8 * (1 + random() % 90));
      const std::string text(end - begin, static_cast<char>('a' + piece % 26));
      const uint64_t used = memory.used(), cost = datagram.cost(begin, end);
      const auto result = insert(begin, text, rule);
      EXPECT_LE(memory.used(), used + cost);
      bool overlap = false;
      uint32_t added = 0;
      for (size_t at = begin; at < end; ++at) {
        auto [known, fresh] = owner.try_emplace(at / 8 * 8, begin, end);
        if (at % 8 == 0) added += fresh, overlap |= !fresh;
        if (!bytes.contains(at) || rule.later_wins(known->second.first, known->second.second, begin, end))
          bytes[at] = text[0];
      }
      EXPECT_EQ(result.added, added);
      EXPECT_EQ(result.overlap, overlap);
      ASSERT_EQ(datagram.complete(size), owner.size() == (size + 7) / 8);
    }
    if (datagram.complete(size)) {
      std::vector<uint8_t> out(size);
      datagram.copy(memory, out);
      for (size_t at = 0; at < size; ++at) ASSERT_EQ(out[at], bytes[at]) << at;
    }
    datagram.clear(memory);
  }
}

TEST_F(FragmentedDatagramTest, WhatLiesBehindTheEndDoesNotCount) {
  insert(0, std::string(1600, 'a'), kFirst);
  datagram.cut(memory, 1001);
  EXPECT_TRUE(datagram.complete(1001));
  EXPECT_FALSE(datagram.complete(1600));
}

TEST_F(FragmentedDatagramTest, RepetitionsWithinARunAreNoOverlap) {
  const std::string eight(8, 'x'), sixteen(16, 'x');
  auto apart = [&](size_t begin, const std::string& text) {
    EXPECT_TRUE(datagram.reserve(memory, begin + text.size()));
    return datagram.insert_apart(memory, begin, as_bytes(text));
  };
  EXPECT_EQ(apart(0, eight).added, 1U);
  EXPECT_EQ(apart(8, eight).added, 1U);
  auto again = apart(0, sixteen);
  EXPECT_TRUE(again.added == 0 && !again.overlap) << "one run";
  EXPECT_EQ(apart(32, eight).added, 1U);
  EXPECT_EQ(apart(24, eight).added, 1U);
  EXPECT_TRUE(apart(24, sixteen).overlap) << "two runs, as the second came first";
  EXPECT_TRUE(apart(8, sixteen).overlap) << "half of it is new";
}

/// A fragment's cost is its own: the work grows with their number, whatever their order.
TEST_F(FragmentedDatagramTest, OrderAndNumberDoNotMatter) {
  for (int order = 0; order < 3; ++order) {
    const auto make = [&](size_t units) -> std::function<void()> {
      std::vector<size_t> places(units);
      std::iota(places.begin(), places.end(), 0);
      if (order == 1) std::reverse(places.begin(), places.end());
      if (order == 2) std::shuffle(places.begin(), places.end(), std::mt19937(1));
      return [this, places] {
        for (size_t place : places) insert(place * 8, "12345678", kLast);
        EXPECT_TRUE(datagram.complete(places.size() * 8));
        datagram.clear(memory);
      };
    };
    EXPECT_LT(test::growth(make, 4000), test::kDoubled) << order;
  }
}

}  // namespace
}  // namespace lapwing
