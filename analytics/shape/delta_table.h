// DeltaTable: what one second says of its keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "analytics/shape/key.h"

namespace lapwing::analytics {

/// [W] while it is filled, [H] from seal() on. V has merge(), commutative and associative, and V{} changes nothing: so
/// is a sum of tables the same in any order. What new keys say once it is full goes into one more value, `overflow`.
/// Memory is kept by clear(), but for what an unusual second took.
template <Key K, class V>
class DeltaTable {
 public:
  static constexpr uint32_t kMostKeys = 65'536;

  /// An empty sum, which others are merged into and whose bound is theirs.
  DeltaTable() = default;
  /// One to fill, with up to `limit` keys. `seed`: of the run.
  explicit DeltaTable(uint64_t seed, uint32_t limit = kMostKeys)
      : seed_(seed), limit_(std::min(limit, kMostKeys)), index_(kLeastIndex) {}

  /// The value to add to: the key's, or that of the overflow. Valid until the next call. Not once it is sealed, nor of
  /// a sum.
  V& at(const K& key) {
    const uint64_t hash = hash_of(key, seed_);
    size_t slot = slot_of(key, hash);
    if (index_[slot].generation == generation_) return entries_[index_[slot].at].value;
    if (full()) {
      ++overflowed_;
      return overflow_;
    }
    if (2 * (entries_.size() + 1) > index_.size()) {
      grow();
      slot = slot_of(key, hash);
    }
    // Memory may fail here: then the index must not know of it.
    entries_.emplace_back(key);
    index_[slot] = {static_cast<uint32_t>(hash >> 32), generation_, static_cast<uint16_t>(entries_.size() - 1)};
    return entries_.back().value;
  }
  bool full() const { return entries_.size() >= limit_; }

  /// Puts the keys in order; then it can be merged and walked.
  void seal() {
    order_.resize(entries_.size());
    for (uint32_t at = 0; at < entries_.size(); ++at) order_[at] = place_of(entries_[at].key, at);
    sort_places(order_, [&](uint32_t at) -> const K& { return entries_[at].key; });
  }
  /// Linear. Both are sealed, and stay so.
  void merge(const DeltaTable& other) {
    merged_.clear();
    auto mine = order_.begin();
    for (const KeyPlace& theirs : other.order_) {
      const Entry& more = other.entries_[theirs.at];
      int order = 1;
      for (; mine != order_.end(); ++mine) {
        order = compare(*mine, entries_[mine->at].key, theirs, more.key);
        if (order >= 0) break;
        merged_.push_back(*mine);
      }
      if (mine != order_.end() && order == 0) {
        entries_[mine->at].value.merge(more.value);
      } else if (!full()) {
        merged_.push_back({theirs.prefix, static_cast<uint32_t>(entries_.size())});
        entries_.push_back(more);
      } else {
        ++overflowed_;
        overflow_.merge(more.value);
      }
    }
    merged_.insert(merged_.end(), mine, order_.end());
    merged_.swap(order_);
    overflowed_ += other.overflowed_;
    overflow_.merge(other.overflow_);
  }
  /// each(key, value) in the order of the keys' bytes, once it is sealed.
  template <class Each>
  void walk(Each each) const {
    for (const KeyPlace& place : order_) each(entries_[place.at].key, entries_[place.at].value);
  }

  void clear() {
    if (bytes() > kKept && 4 * entries_.size() < entries_.capacity()) {
      *this = limit_ <= kMostKeys ? DeltaTable(seed_, limit_) : DeltaTable();
      return;
    }
    entries_.clear();
    order_.clear();
    overflow_ = V{};
    overflowed_ = 0;
    if (++generation_ != 0) return;
    generation_ = 1;
    std::ranges::fill(index_, Slot());
  }

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty() && overflowed_ == 0; }
  const V& overflow() const { return overflow_; }
  /// How often something went into the overflow.
  uint64_t overflowed() const { return overflowed_; }
  size_t bytes() const {
    return entries_.capacity() * sizeof(Entry) + index_.capacity() * sizeof(Slot) +
           (order_.capacity() + merged_.capacity()) * sizeof(KeyPlace);
  }

 private:
  static constexpr size_t kLeastIndex = 64, kKept = 64 << 10;  // bytes

  struct Entry {
    explicit Entry(const K& k) : key(k) {}
    K key;
    V value{};
  };
  struct Slot {
    uint32_t tag = 0;         // of the hash
    uint16_t generation = 0;  // another than the table's: empty
    uint16_t at = 0;
  };
  static_assert(sizeof(Slot) == 8 && kMostKeys == 1U << 16);

  /// Where the key is, or would be.
  size_t slot_of(const K& key, uint64_t hash) const {
    const size_t mask = index_.size() - 1;
    size_t slot = hash & mask;
    for (; index_[slot].generation == generation_; slot = (slot + 1) & mask) {
      if (index_[slot].tag == hash >> 32 && same(entries_[index_[slot].at].key, key)) break;
    }
    return slot;
  }
  void grow() {
    index_.assign(2 * index_.size(), Slot());
    for (size_t at = 0; at < entries_.size(); ++at) {
      const uint64_t hash = hash_of(entries_[at].key, seed_);
      index_[slot_of(entries_[at].key, hash)] = {static_cast<uint32_t>(hash >> 32), generation_,
                                                 static_cast<uint16_t>(at)};
    }
  }

  uint64_t seed_ = 0, overflowed_ = 0;
  uint32_t limit_ = UINT32_MAX;
  uint16_t generation_ = 1;
  std::vector<Slot> index_;  // by hash, at most half full
  std::vector<Entry> entries_;
  std::vector<KeyPlace> order_, merged_;
  V overflow_{};
};

}  // namespace lapwing::analytics
