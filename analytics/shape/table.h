// Table: the bounded memory of a detector.
#pragma once

#include <array>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "analytics/shape/key.h"

namespace lapwing::analytics {

/// [G] At most `cap` keys; a new one takes the place of that with the least worth, of those the one untouched for
/// longest. All but walk is O(1), amortised while memory still grows; values stay where they are. What is evicted and
/// in which order keys are walked depends on what was touched and when alone.
template <Key K, class V>
class Table {
 public:
  static constexpr uint8_t kWorths = 16;

  class Entry {
   public:
    const K& key() const { return key_; }
    uint8_t worth() const { return worth_; }
    uint32_t touched() const { return touched_; }
    V value{};

   private:
    friend class Table;
    K key_{};
    uint32_t next_ = kNone, before_ = kNone;  // in the list of its worth, or among the vacant
    uint32_t touched_ = 0;                    // second
    uint32_t handle_ : 24 = 0;
    uint8_t worth_ : 6 = 0;
    bool used_ : 1 = false;
  };

  /// `cap`: 1 to 16 million keys. `seed`: of the run.
  Table(uint32_t cap, uint64_t seed)
      : cap_(std::clamp(cap, 1U, kMostKeys)), handle_bits_(std::bit_width(cap_)), seed_(seed), index_(kLeastIndex) {}

  Entry* find(const K& key) {
    const uint32_t handle = index_[slot_of(key, hash(key))] & handle_mask();
    return handle ? &entry(handle - 1) : nullptr;
  }
  /// Finds the key, or enters it with worth 0, in the place of that of least worth where it is full; it is then the
  /// last touched.
  Entry& touch(const K& key, uint32_t second) {
    clock_ = std::max(clock_, second);
    const uint64_t hashed = hash(key);
    uint32_t slot = slot_of(key, hashed);
    if (const uint32_t known = index_[slot] & handle_mask()) {
      Entry& found = entry(known - 1);
      relist(known - 1, found.worth_);
      found.touched_ = clock_;
      return found;
    }
    if (keys_ == cap_) {
      ++evicted_;
      remove(lists_[std::countr_zero(worths_)].first);
      slot = slot_of(key, hashed);
    } else if (4 * (size_t{keys_} + 1) > 3 * index_.size()) {
      grow();
      slot = slot_of(key, hashed);
    }
    const uint32_t handle = take();
    index_[slot] = tag(hashed) << handle_bits_ | (handle + 1);
    Entry& made = entry(handle);
    made.key_ = key;
    made.touched_ = clock_;
    made.worth_ = 0;
    made.handle_ = handle & kMostKeys;
    made.used_ = true;
    append(handle, 0);
    ++keys_;
    return made;
  }
  /// What losing it would cost, below kWorths; it is then the last touched.
  void set_worth(Entry& of, uint8_t worth) {
    worth = std::min<uint8_t>(worth, kWorths - 1);
    if (of.worth_ == worth && of.touched_ == clock_ && lists_[worth].last == of.handle_) return;
    relist(of.handle_, worth);
    of.worth_ = worth & (kWorths - 1);
    of.touched_ = clock_;
  }
  void erase(Entry& of) { remove(of.handle_); }
  /// Erases what was last touched before `second`, after `gone(entry)`: by worth, then the longest untouched first.
  template <class Gone>
  void expire(uint32_t second, Gone gone) {
    for (const List& list : lists_) {
      while (list.first != kNone && entry(list.first).touched_ < second) {
        gone(std::as_const(entry(list.first)));
        remove(list.first);
      }
    }
  }

  /// All entries in the order of their keys' bytes. O(n log n), and 16 bytes a key while it lasts; `each` enters and
  /// erases nothing.
  template <class Each>
  void walk(Each each) {
    std::vector<KeyPlace> places;
    places.reserve(keys_);
    for (uint32_t handle = 0; handle < fresh_; ++handle) {
      if (entry(handle).used_) places.push_back(place_of(entry(handle).key_, handle));
    }
    sort_places(places, [&](uint32_t handle) -> const K& { return entry(handle).key_; });
    for (const KeyPlace& place : places) each(entry(place.at));
  }

  /// The sum of `of(value)` over all entries, of which the order cannot be told. O(n).
  template <class Of>
  uint64_t sum(Of of) const {
    uint64_t out = 0;
    for (uint32_t handle = 0; handle < fresh_; ++handle) {
      const Entry& each = entry(handle);
      if (each.used_) out += of(each.value);
    }
    return out;
  }

  uint32_t keys() const { return keys_; }
  uint32_t cap() const { return cap_; }
  uint64_t evicted() const { return evicted_; }
  size_t bytes() const { return chunks_.size() * kChunk * sizeof(Entry) + index_.size() * sizeof(uint32_t); }

 private:
  static constexpr uint32_t kNone = UINT32_MAX, kMostKeys = (1U << 24) - 1;
  static constexpr size_t kLeastIndex = 64;
  /// Entries that memory is taken for at once: some 64 KiB of it.
  static constexpr size_t kChunk = std::bit_floor(std::clamp<size_t>((64 << 10) / (sizeof(V) + sizeof(K)), 8, 256));

  struct List {
    uint32_t first = kNone, last = kNone;
  };

  uint64_t hash(const K& key) const { return hash_of(key, seed_); }
  uint32_t handle_mask() const { return (1U << handle_bits_) - 1; }
  /// The part of the hash that a slot keeps beside the handle, which leaves it at least 8 bits.
  uint32_t tag(uint64_t hashed) const { return static_cast<uint32_t>(hashed >> (32 + handle_bits_)); }
  Entry& entry(uint32_t handle) { return chunks_[handle / kChunk][handle % kChunk]; }
  const Entry& entry(uint32_t handle) const { return chunks_[handle / kChunk][handle % kChunk]; }

  /// Where the key is, or would be.
  uint32_t slot_of(const K& key, uint64_t hashed) {
    const auto mask = static_cast<uint32_t>(index_.size() - 1);
    auto slot = static_cast<uint32_t>(hashed) & mask;
    for (; index_[slot] != 0; slot = (slot + 1) & mask) {
      if (index_[slot] >> handle_bits_ == tag(hashed) && same(entry((index_[slot] & handle_mask()) - 1).key_, key))
        break;
    }
    return slot;
  }
  void grow() {
    std::vector<uint32_t> old(2 * index_.size());
    old.swap(index_);
    const auto mask = static_cast<uint32_t>(index_.size() - 1);
    for (uint32_t known : old) {
      if (known == 0) continue;
      auto slot = static_cast<uint32_t>(hash(entry((known & handle_mask()) - 1).key_)) & mask;
      while (index_[slot] != 0) slot = (slot + 1) & mask;
      index_[slot] = known;
    }
  }
  uint32_t take() {
    if (vacant_ != kNone) return std::exchange(vacant_, entry(vacant_).next_);
    if (fresh_ % kChunk == 0) chunks_.push_back(std::make_unique<Entry[]>(kChunk));
    return fresh_++;
  }
  void remove(uint32_t handle) {
    Entry& gone = entry(handle);
    // Those behind it move up, as far as none comes before its own place.
    const auto mask = static_cast<uint32_t>(index_.size() - 1);
    uint32_t hole = slot_of(gone.key_, hash(gone.key_));
    for (uint32_t slot = (hole + 1) & mask; index_[slot] != 0; slot = (slot + 1) & mask) {
      const auto home = static_cast<uint32_t>(hash(entry((index_[slot] & handle_mask()) - 1).key_)) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      index_[hole] = index_[slot];
      hole = slot;
    }
    index_[hole] = 0;
    unlist(handle);
    gone = Entry();
    gone.next_ = std::exchange(vacant_, handle);
    --keys_;
  }

  void append(uint32_t handle, uint8_t worth) {
    List& list = lists_[worth];
    Entry& last = entry(handle);
    last.next_ = kNone;
    last.before_ = list.last;
    (list.last == kNone ? list.first : entry(list.last).next_) = handle;
    list.last = handle;
    worths_ |= 1U << worth;
  }
  void unlist(uint32_t handle) {
    const Entry& of = entry(handle);
    List& list = lists_[of.worth_];
    (of.before_ == kNone ? list.first : entry(of.before_).next_) = of.next_;
    (of.next_ == kNone ? list.last : entry(of.next_).before_) = of.before_;
    if (list.first == kNone) worths_ &= ~(1U << of.worth_);
  }
  void relist(uint32_t handle, uint8_t worth) {
    if (lists_[worth].last == handle) return;
    unlist(handle);
    append(handle, worth);
  }

  uint32_t cap_, keys_ = 0, clock_ = 0;
  int handle_bits_;
  uint64_t seed_, evicted_ = 0;
  std::vector<uint32_t> index_;  // by hash: a tag, and a handle plus one; 0: nothing. Three quarters full at most
  std::vector<std::unique_ptr<Entry[]>> chunks_;
  uint32_t fresh_ = 0, vacant_ = kNone;  // handles from `fresh_` on were never in use
  std::array<List, kWorths> lists_;      // the longest untouched first
  uint32_t worths_ = 0;                  // bits of the lists that hold something
};

}  // namespace lapwing::analytics
