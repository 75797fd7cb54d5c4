// Recent: values by key, of which the longest unused can be found and given up.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "sensor/base/hash.h"

namespace lapwing::smb {

/// [W] Keys are an attacker's, and so is their number: finding, adding and giving up take the same time however many
/// there are, and once grown take no memory. Addresses of values hold until they are erased.
template <class Key, class T>
class Recent {
  static_assert(std::has_unique_object_representations_v<Key>, "keys are hashed and compared as bytes");

 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* find(const Key& key) {
    const uint32_t at = at_key(key);
    return at == kNone ? nullptr : &*nodes_[at].value;
  }
  /// Finds it, and it is the latest from now on.
  T* use(const Key& key) {
    const uint32_t at = at_key(key);
    if (at == kNone) return nullptr;
    leave_order(at);
    join_order(at);
    return &*nodes_[at].value;
  }
  /// A value of a key that has none.
  template <class... Args>
  T& add(const Key& key, Args&&... args) {
    if (size_ == buckets_.size()) grow();
    uint32_t at = free_;
    if (at == kNone) {
      at = static_cast<uint32_t>(nodes_.size());
      nodes_.emplace_back();
    } else {
      free_ = nodes_[at].next;
    }
    Node& node = nodes_[at];
    node.key = key;
    node.value.emplace(std::forward<Args>(args)...);
    uint32_t& bucket = bucket_of(key);
    node.next = std::exchange(bucket, at);
    join_order(at);
    ++size_;
    return *node.value;
  }
  void erase(const Key& key) {
    for (uint32_t* link = empty() ? nullptr : &bucket_of(key); link && *link != kNone; link = &nodes_[*link].next) {
      const uint32_t at = *link;
      Node& node = nodes_[at];
      if (!same(node.key, key)) continue;
      *link = node.next;
      leave_order(at);
      node.value.reset();
      node.next = std::exchange(free_, at);
      --size_;
      return;
    }
  }
  // Of some.
  const Key& oldest_key() const { return nodes_[oldest_].key; }
  T& oldest() { return *nodes_[oldest_].value; }
  T& latest() { return *nodes_[latest_].value; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Node {
    Key key{};
    uint32_t next = kNone;                    // in its bucket, or of those that are free
    uint32_t older = kNone, younger = kNone;  // by use
    std::optional<T> value;
  };

  static Bytes bytes(const Key& key) { return {reinterpret_cast<const uint8_t*>(&key), sizeof key}; }
  static bool same(const Key& a, const Key& b) { return to_text(bytes(a)) == to_text(bytes(b)); }
  /// No order of buckets shows anywhere.
  static uint64_t seed() {
    static const uint64_t drawn = draw_seed();
    return drawn;
  }
  uint32_t& bucket_of(const Key& key) { return buckets_[keyed_hash(bytes(key), seed()) & (buckets_.size() - 1)]; }
  uint32_t at_key(const Key& key) {
    if (empty()) return kNone;
    uint32_t at = bucket_of(key);
    while (at != kNone && !same(nodes_[at].key, key)) at = nodes_[at].next;
    return at;
  }
  void grow() {
    buckets_.assign(buckets_.empty() ? 8 : buckets_.size() * 2, kNone);
    for (uint32_t at = oldest_; at != kNone; at = nodes_[at].younger) {
      nodes_[at].next = std::exchange(bucket_of(nodes_[at].key), at);
    }
  }
  void join_order(uint32_t at) {
    nodes_[at].older = std::exchange(latest_, at);
    nodes_[at].younger = kNone;
    (nodes_[at].older == kNone ? oldest_ : nodes_[nodes_[at].older].younger) = at;
  }
  void leave_order(uint32_t at) {
    const Node& node = nodes_[at];
    (node.older == kNone ? oldest_ : nodes_[node.older].younger) = node.younger;
    (node.younger == kNone ? latest_ : nodes_[node.younger].older) = node.older;
  }

  std::deque<Node> nodes_;
  std::vector<uint32_t> buckets_;  // a power of two of them
  uint32_t free_ = kNone, oldest_ = kNone, latest_ = kNone;
  size_t size_ = 0;
};

}  // namespace lapwing::smb
