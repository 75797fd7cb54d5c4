// Keys of tables, and their order: that of their bytes, which is the same wherever and whenever they came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {

/// Equal keys have equal bytes: no padding, no floating point.
template <class K>
concept Key = std::is_trivially_copyable_v<K> && std::has_unique_object_representations_v<K>;

template <Key K>
Bytes bytes_of(const K& key) {
  return {reinterpret_cast<const uint8_t*>(&key), sizeof key};
}
/// Flattened, as its size is known: what XXH3 does for other sizes falls away.
template <Key K>
[[gnu::flatten]] uint64_t hash_of(const K& key, uint64_t seed) {
  return keyed_hash(bytes_of(key), seed);
}
template <Key K>
bool same(const K& a, const K& b) {
  return std::memcmp(&a, &b, sizeof(K)) == 0;
}

/// Where a key lies, with its first bytes, which mostly tell the order.
struct KeyPlace {
  uint64_t prefix = 0;
  uint32_t at = 0;
};

template <Key K>
KeyPlace place_of(const K& key, uint32_t at) {
  uint8_t first[8] = {};
  std::memcpy(first, &key, std::min(sizeof first, sizeof key));
  return {load_be64(first), at};
}
/// Whether `a` comes before (< 0) or after `b`, given their places.
template <Key K>
int compare(const KeyPlace& a, const K& key_a, const KeyPlace& b, const K& key_b) {
  if (a.prefix != b.prefix) return a.prefix < b.prefix ? -1 : 1;
  return sizeof(K) <= 8 ? 0 : std::memcmp(&key_a, &key_b, sizeof(K));
}
/// `key_at(place.at)`: the key there.
template <class KeyAt>
void sort_places(std::vector<KeyPlace>& places, KeyAt key_at) {
  std::ranges::sort(
      places, [&](const KeyPlace& a, const KeyPlace& b) { return compare(a, key_at(a.at), b, key_at(b.at)) < 0; });
}

}  // namespace lapwing::analytics
