// AgedTable: a table of bounded size that forgets what was asked for least recently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace lapwing::rules {

/// An attacker fills it at will: the newest is never refused, and what is in use stays.
template <class Key, class Value, class Hash, size_t kMost>
class AgedTable {
 public:
  Value* find(const Key& key) {
    auto found = nodes_.find(key);
    if (found == nodes_.end()) return nullptr;
    unlink(found->second);
    link(found->second);
    return &found->second.value;
  }
  /// `forgotten` counts what made room.
  Value& find_or_add(const Key& key, bool& fresh, uint64_t& forgotten) {
    Value* known = find(key);
    fresh = known == nullptr;
    if (known) return *known;
    if (nodes_.size() >= kMost) {
      ++forgotten;
      erase(*oldest_->key);
    }
    auto place = nodes_.try_emplace(key).first;
    place->second.key = &place->first;
    link(place->second);
    return place->second.value;
  }
  void erase(const Key& key) {
    auto found = nodes_.find(key);
    if (found == nodes_.end()) return;
    unlink(found->second);
    nodes_.erase(found);
  }
  size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    Value value{};
    const Key* key = nullptr;
    Node *newer = nullptr, *older = nullptr;
  };
  void link(Node& node) {
    node.newer = nullptr;
    node.older = newest_;
    (newest_ ? newest_->newer : oldest_) = &node;
    newest_ = &node;
  }
  void unlink(Node& node) {
    (node.newer ? node.newer->older : newest_) = node.older;
    (node.older ? node.older->newer : oldest_) = node.newer;
  }

  std::unordered_map<Key, Node, Hash> nodes_;
  Node *newest_ = nullptr, *oldest_ = nullptr;
};

}  // namespace lapwing::rules
