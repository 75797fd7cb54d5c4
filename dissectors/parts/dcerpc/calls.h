// Calls: those that wait for their end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "sensor/base/hash.h"

namespace lapwing::dcerpc {

struct Call;

/// [W] By key, and by age. Keys are chosen by attackers: each step takes constant time whatever they are, and none
/// takes memory once as many have waited before. A key is plain bytes, of which none is padding.
template <class Key>
class Calls {
  static_assert(std::has_unique_object_representations_v<Key>);

 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  /// Null where none has the key.
  Call* find(const Key& key) const {
    for (uint32_t at = first(key); at != kNone; at = rows_[at].next) {
      if (rows_[at].key == key) return rows_[at].call;
    }
    return nullptr;
  }
  Call* oldest() const { return size_ ? rows_[oldest_].call : nullptr; }
  /// None has the key yet.
  void add(const Key& key, Call& call) {
    if (size_ == buckets_.size()) grow();
    uint32_t at = free_;
    if (at == kNone) {
      at = static_cast<uint32_t>(rows_.size());
      rows_.emplace_back();
    } else {
      free_ = rows_[at].next;
    }
    uint32_t& bucket = buckets_[bucket_of(key)];
    rows_[at] = {.key = key, .call = &call, .next = bucket, .older = newest_, .newer = kNone};
    bucket = at;
    (newest_ == kNone ? oldest_ : rows_[newest_].newer) = at;
    newest_ = at;
    ++size_;
  }
  void remove(const Key& key) {
    uint32_t* link = buckets_.empty() ? nullptr : &buckets_[bucket_of(key)];
    while (link && *link != kNone && !(rows_[*link].key == key)) link = &rows_[*link].next;
    if (!link || *link == kNone) return;
    const uint32_t at = *link;
    Row& row = rows_[at];
    *link = row.next;
    (row.older == kNone ? oldest_ : rows_[row.older].newer) = row.newer;
    (row.newer == kNone ? newest_ : rows_[row.newer].older) = row.older;
    row.next = free_;
    free_ = at;
    --size_;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Row {
    Key key = {};
    Call* call = nullptr;
    uint32_t next = kNone;  // of its bucket, or that is free
    uint32_t older = kNone, newer = kNone;
  };

  size_t bucket_of(const Key& key) const {
    static const uint64_t seed = draw_seed();
    return keyed_hash({reinterpret_cast<const uint8_t*>(&key), sizeof key}, seed) & (buckets_.size() - 1);
  }
  uint32_t first(const Key& key) const { return buckets_.empty() ? kNone : buckets_[bucket_of(key)]; }
  void grow() {
    buckets_.assign(buckets_.empty() ? 4 : buckets_.size() * 2, kNone);
    for (uint32_t at = oldest_; at != kNone; at = rows_[at].newer) {
      uint32_t& bucket = buckets_[bucket_of(rows_[at].key)];
      rows_[at].next = bucket;
      bucket = at;
    }
  }

  std::vector<Row> rows_;
  std::vector<uint32_t> buckets_;  // a power of two of them
  uint32_t free_ = kNone, oldest_ = kNone, newest_ = kNone;
  size_t size_ = 0;
};

}  // namespace lapwing::dcerpc
