// Keyed hashing of attacker-chosen keys.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>

#include "sensor/base/bytes.h"

namespace lapwing {

/// XXH3 under a secret seed: tuples are chosen by attackers, so an unkeyed hash invites collisions.
/// Live runs draw the seed once at start; replay uses kReplaySeed so that results repeat.
inline uint64_t keyed_hash(Bytes key, uint64_t seed) { return XXH3_64bits_withSeed(key.data(), key.size(), seed); }

inline constexpr uint64_t kReplaySeed = 0x6c617077696e6721;

}  // namespace lapwing
