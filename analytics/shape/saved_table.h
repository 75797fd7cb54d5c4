// SavedTable: a table as bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "analytics/shape/key.h"
#include "analytics/shape/state.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// Keys lie as in memory, which is little endian like the rest. Those untouched for longest come first: read
/// back, they are given up in the order in which they would have been. `save(value, out)`.
template <Key K, class V, class Save>
void save_table(Table<K, V>& table, StateWriter& out, Save save) {
  static_assert(alignof(K) == 1 || std::endian::native == std::endian::little);
  std::vector<const typename Table<K, V>::Entry*> entries;
  entries.reserve(table.keys());
  table.walk([&](const auto& entry) { entries.push_back(&entry); });
  std::ranges::stable_sort(entries, {}, [](const auto* entry) { return entry->touched(); });
  out.u32(static_cast<uint32_t>(entries.size()));
  for (const auto* entry : entries) {
    out.bytes(bytes_of(entry->key()));
    out.u32(entry->touched());
    out.u8(entry->worth());
    save(entry->value, out);
  }
}

/// False where it is at fault; the table is then of no use. No key was touched after second `latest`. `load(value, in)`
/// says whether the value, of `least` bytes or more, is sound. What is beyond the table's cap is given up.
template <Key K, class V, class Load>
bool load_table(Table<K, V>& table, StateReader& in, uint32_t latest, size_t least, Load load) {
  for (uint32_t left = in.count(sizeof(K) + 5 + least); left > 0; --left) {
    K key;
    const Bytes from = in.bytes(sizeof key);
    if (!in.ok()) return false;
    std::memcpy(&key, from.data(), sizeof key);
    const uint32_t touched = in.u32();
    const uint8_t worth = in.u8();
    if (touched > latest || table.find(key)) return in.fail();
    auto& entry = table.touch(key, touched);
    if (!load(entry.value, in) || !in.ok()) return in.fail();
    table.set_worth(entry, worth);
  }
  return in.ok();
}

}  // namespace lapwing::analytics
