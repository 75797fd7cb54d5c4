#include "sensor/flow/flow_buckets.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace lapwing {
namespace {

TEST(FlowBuckets, AgreesWithAMapUnderRandomInsertsAndErasesAtHighFill) {
  constexpr uint32_t kBuckets = 7;
  FlowBuckets buckets(kBuckets);
  std::unordered_map<uint32_t, uint64_t> present;  // handle -> hash
  std::mt19937_64 random(1);
  for (uint32_t step = 0; step < 20'000; ++step) {
    auto handle = static_cast<uint32_t>(random() % 200);
    uint64_t hash = handle * 0x9e3779b97f4a7c15;
    if (present.contains(handle)) {
      buckets.erase(hash, handle);
      present.erase(handle);
    } else if (present.size() < kBuckets * FlowBuckets::kWays - 1) {
      buckets.insert(hash, handle);
      present.emplace(handle, hash);
    }
    for (uint32_t probe : {handle, static_cast<uint32_t>(random() % 200)}) {
      uint32_t found = buckets.find(probe * 0x9e3779b97f4a7c15, [&](uint32_t h) { return h == probe; });
      ASSERT_EQ(found, present.contains(probe) ? probe : kNoHandle);
    }
  }
}

TEST(FlowBuckets, EntriesOfOneHomeBucketAreAllFoundAndLeaveNothingBehind) {
  FlowBuckets buckets(4);
  constexpr uint64_t kHash = 5;
  for (uint32_t handle = 0; handle < 40; ++handle) buckets.insert(kHash, handle);
  for (uint32_t handle = 0; handle < 40; ++handle) {
    EXPECT_EQ(buckets.find(kHash, [&](uint32_t h) { return h == handle; }), handle);
  }
  for (uint32_t handle = 0; handle < 40; ++handle) buckets.erase(kHash, handle);
  uint32_t compared = 0;
  EXPECT_EQ(buckets.find(kHash, [&](uint32_t) { return ++compared, true; }), kNoHandle);
  EXPECT_EQ(compared, 0U);
}

}  // namespace
}  // namespace lapwing
