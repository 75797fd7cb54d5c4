// FlowBuckets: hash to flow handle, by open addressing over cache lines.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdint>
#include <cstring>

#include "sensor/flow/slab.h"

namespace lapwing {

/// One cache line: twelve handles with an 8-bit tag of their hash each [W]. An entry that finds its home bucket full
/// goes to the next one with room; every bucket it passed counts it in `passed`, so that a lookup stops at the first
/// bucket that nobody passed and erasing leaves no tombstones. The number of buckets is fixed: nothing is ever
/// rehashed.
class FlowBuckets {
 public:
  static constexpr uint32_t kWays = 12;

  explicit FlowBuckets(uint32_t buckets) : lines_(buckets), count_(lines_.capacity()) {
    for (uint32_t i = 0; i < count_; ++i) lines_.make();
  }

  /// The handle for which `same(handle)` holds, or kNoHandle.
  template <class Same>
  uint32_t find(uint64_t hash, Same same) const {
    uint32_t at = home(hash);
    for (uint32_t seen = 0; seen < count_; ++seen, at = next(at)) {
      const Bucket& bucket = lines_[at];
      for (uint32_t hits = bucket.match(tag(hash)); hits != 0; hits &= hits - 1) {
        uint32_t handle = bucket.handle[__builtin_ctz(hits)];
        if (same(handle)) return handle;
      }
      if (bucket.passed == 0) break;
    }
    return kNoHandle;
  }
  /// There must be fewer entries than count() * kWays.
  void insert(uint64_t hash, uint32_t handle) {
    for (uint32_t at = home(hash);; at = next(at)) {
      Bucket& bucket = lines_[at];
      if (uint32_t empty = bucket.match(0)) {
        auto way = __builtin_ctz(empty);
        bucket.tag[way] = tag(hash);
        bucket.handle[way] = handle;
        return;
      }
      ++bucket.passed;
    }
  }
  void erase(uint64_t hash, uint32_t handle) {
    for (uint32_t at = home(hash);; at = next(at)) {
      Bucket& bucket = lines_[at];
      for (uint32_t hits = bucket.match(tag(hash)); hits != 0; hits &= hits - 1) {
        auto way = __builtin_ctz(hits);
        if (bucket.handle[way] != handle) continue;
        bucket.tag[way] = 0;
        return;
      }
      --bucket.passed;
    }
  }
  void prefetch(uint64_t hash) const { __builtin_prefetch(&lines_[home(hash)]); }
  /// The first handle in the home bucket with the right tag: most likely the one. kNoHandle when there is none.
  uint32_t guess(uint64_t hash) const {
    const Bucket& bucket = lines_[home(hash)];
    uint32_t hits = bucket.match(tag(hash));
    return hits ? bucket.handle[__builtin_ctz(hits)] : kNoHandle;
  }
  size_t bytes() const { return size_t{count_} * sizeof(Bucket); }

 private:
  struct alignas(64) Bucket {
    uint8_t tag[kWays] = {};  // 0: empty
    uint32_t passed = 0;
    uint32_t handle[kWays];

    uint32_t match(uint8_t wanted) const {
#ifdef __SSE2__
      __m128i line = _mm_load_si128(reinterpret_cast<const __m128i*>(tag));
      auto equal =
          static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(line, _mm_set1_epi8(static_cast<char>(wanted)))));
      return equal & ((1U << kWays) - 1);
#else
      uint32_t equal = 0;
      for (uint32_t i = 0; i < kWays; ++i) equal |= static_cast<uint32_t>(tag[i] == wanted) << i;
      return equal;
#endif
    }
  };
  static_assert(sizeof(Bucket) == 64);

  static uint8_t tag(uint64_t hash) {
    auto bits = static_cast<uint8_t>(hash >> 56);
    return bits ? bits : 1;
  }
  uint32_t home(uint64_t hash) const {
    return static_cast<uint32_t>((hash & UINT32_MAX) * count_ >> 32);
  }
  uint32_t next(uint32_t at) const {
    return at + 1 == count_ ? 0 : at + 1;
  }

  Slab<Bucket> lines_;
  uint32_t count_;
};

}  // namespace lapwing
