#include "sensor/stream/block_pool.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace lapwing {
namespace {

using Block = BlockPool::Block;
constexpr uint64_t kCap = 8 << 20;
constexpr uint64_t kOneOfEachSize = BlockPool::kRange * (BlockPool::kSizes.size() - 1) + BlockPool::kLargest;

TEST(BlockPool, BlocksDoNotOverlapAndAreUsedAgain) {
  BlockPool pool(kCap);
  std::set<uint8_t*> first;
  std::vector<Block> blocks;
  for (int i = 0; i < 1000; ++i) {
    blocks.push_back(pool.take(100));
    std::fill_n(blocks.back().data, 100, static_cast<uint8_t>(i));
    EXPECT_TRUE(first.insert(blocks.back().data).second);
  }
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(blocks[static_cast<size_t>(i)].data[99], static_cast<uint8_t>(i));
  uint64_t held = pool.held();
  for (int round = 0; round < 10; ++round) {
    for (Block block : blocks) pool.give(block);
    EXPECT_EQ(pool.used(), 0U);
    for (Block& block : blocks) block = pool.take(100);
  }
  EXPECT_EQ(pool.held(), held);
  for (Block block : blocks) pool.give(block);
}

/// Memory of one size becomes that of another: what was held for the sizes of before does not add up.
TEST(BlockPool, PhasesOfOtherSizesStayBelowTheCap) {
  BlockPool pool(kCap);
  for (int round = 0; round < 3; ++round) {
    for (uint32_t size : BlockPool::kSizes) {
      std::vector<Block> blocks;
      while (true) {
        Block block = pool.take(size);
        if (!block.data) break;
        blocks.push_back(block);
        ASSERT_LE(pool.held(), kCap + kOneOfEachSize);
      }
      EXPECT_GT(pool.used(), kCap / 2) << "the cap can be used by blocks of " << size;
      EXPECT_LE(pool.used(), kCap);
      for (Block block : blocks) pool.give(block);
    }
  }
}

TEST(BlockPool, WhatIsIdleGoesBackToTheSystem) {
  BlockPool pool(kCap);
  std::vector<Block> blocks;
  for (int i = 0; i < 2000; ++i) blocks.push_back(pool.take(1500));
  EXPECT_GT(pool.held(), uint64_t{2'000'000});
  std::shuffle(blocks.begin(), blocks.end(), std::mt19937(1));
  for (Block block : blocks) pool.give(block);
  EXPECT_LE(pool.held(), (BlockPool::kIdleRanges + 1) * BlockPool::kRange);
}

TEST(BlockPool, TheSmallestCapServesEverySize) {
  BlockPool pool(3000);
  Block small = pool.take(100), large = pool.take(1500);
  EXPECT_TRUE(small.data && large.data);
  EXPECT_FALSE(pool.take(1500).data);
  pool.give(small);
  pool.give(large);
  EXPECT_EQ(pool.used(), 0U);
}

}  // namespace
}  // namespace lapwing
