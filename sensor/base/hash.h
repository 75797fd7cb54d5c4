// Keyed hashing of attacker-chosen keys.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <random>

#include "sensor/base/bytes.h"

namespace lapwing {

/// XXH3 under a seed. Tuples are chosen by attackers: a table's seed is drawn for each run and shown to nobody, not by
/// way of numbers made with it either.
inline uint64_t keyed_hash(Bytes key, uint64_t seed) {
  return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

/// A seed of the process's own, for a table whose order shows in no result.
inline uint64_t draw_seed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

/// Of what a replay must repeat and of names that files keep; known to everybody.
inline constexpr uint64_t kReplaySeed = 0x6c617077696e6721;

}  // namespace lapwing
