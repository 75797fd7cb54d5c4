// Pending: operations of a flow that are not over, by the message id that their responses bear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/base/hash.h"
#include "sensor/base/per_thread.h"

namespace lapwing::ldap {

/// Where an operation stands among others.
template <class Tx>
struct Links {
  uint32_t key = 0;
  Tx *older = nullptr, *newer = nullptr;
  Tx *before = nullptr, *behind = nullptr;  // in its bucket, the older first
};

/// [W] Each is found, opened and closed in constant time, however many there are and whatever their ids: a client may
/// have as many under way as it likes, and choose their ids. Addresses hold until close. Tx has `links` and reset(): it
/// comes from, and goes back to, a pool of the thread.
template <class Tx>
class Pending {
 public:
  Pending() = default;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    while (oldest_) close(*oldest_);
  }

  Tx& open(uint32_t key) {
    if (size_ >= buckets_.size()) grow();
    Tx& tx = *take().release();
    tx.links = {.key = key, .older = newest_};
    (newest_ ? newest_->links.newer : oldest_) = &tx;
    newest_ = &tx;
    enter(tx);
    ++size_;
    return tx;
  }
  Tx* oldest() { return oldest_; }
  Tx* latest() { return newest_; }
  /// The oldest of that key, or null.
  Tx* find(uint32_t key) {
    if (buckets_.empty()) return nullptr;
    Tx* tx = bucket(key).first;
    while (tx && tx->links.key != key) tx = tx->links.behind;
    return tx;
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void close(Tx& tx) {
    Links<Tx>& links = tx.links;
    (links.older ? links.older->links.newer : oldest_) = links.newer;
    (links.newer ? links.newer->links.older : newest_) = links.older;
    Bucket& its = bucket(links.key);
    (links.before ? links.before->links.behind : its.first) = links.behind;
    (links.behind ? links.behind->links.before : its.last) = links.before;
    --size_;
    give(std::unique_ptr<Tx>(&tx));
  }

 private:
  static constexpr size_t kBuckets = 16;  // at first
  static constexpr size_t kPool = 64;     // spare operations that a thread keeps
  struct Bucket {
    Tx *first = nullptr, *last = nullptr;
  };

  Bucket& bucket(uint32_t key) {
    static const uint64_t seed = draw_seed();
    const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
    return buckets_[keyed_hash({bytes, sizeof key}, seed) & (buckets_.size() - 1)];
  }
  void enter(Tx& tx) {
    Bucket& its = bucket(tx.links.key);
    tx.links.before = its.last;
    tx.links.behind = nullptr;
    (its.last ? its.last->links.behind : its.first) = &tx;
    its.last = &tx;
  }
  void grow() {
    std::vector<Bucket> more(buckets_.empty() ? kBuckets : buckets_.size() * 2);
    buckets_.swap(more);
    for (Tx* tx = oldest_; tx; tx = tx->links.newer) enter(*tx);
  }

  /// Made before the first operation, with room for all: to give one back takes no memory.
  static std::vector<std::unique_ptr<Tx>>& pool() {
    return per_thread([] {
      std::vector<std::unique_ptr<Tx>> spare;
      spare.reserve(kPool);
      return spare;
    });
  }
  static std::unique_ptr<Tx> take() {
    auto& spare = pool();
    if (spare.empty()) return std::make_unique<Tx>();
    std::unique_ptr<Tx> tx = std::move(spare.back());
    spare.pop_back();
    return tx;
  }
  static void give(std::unique_ptr<Tx> tx) {
    if (pool().size() == kPool) return;
    tx->reset();
    pool().push_back(std::move(tx));
  }

  std::vector<Bucket> buckets_;  // a power of two
  Tx *oldest_ = nullptr, *newest_ = nullptr;
  size_t size_ = 0;
};

}  // namespace lapwing::ldap
