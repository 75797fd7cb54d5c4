// Recent: what was last asked for by name, up to so many.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sensor/base/hash.h"

namespace lapwing::nfs {

/// [W] By texts that attackers choose. Who is full gives up what was not asked for longest.
template <class Value>
class Recent {
 public:
  struct Row {
    std::string key;
    Value value;
  };

  /// Null where it is not there; else nothing was asked for later.
  Value* find(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    rows_.splice(rows_.begin(), rows_, found->second);
    return &found->second->value;
  }
  /// It is not there yet.
  Value& add(std::string_view key, Value value) {
    rows_.push_front({std::string(key), std::move(value)});
    index_.emplace(rows_.front().key, rows_.begin());
    return rows_.front().value;
  }
  size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  Row* oldest() { return rows_.empty() ? nullptr : &rows_.back(); }
  void remove(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    const auto row = found->second;
    index_.erase(found);
    rows_.erase(row);
  }

 private:
  struct Hash {
    size_t operator()(std::string_view key) const {
      static const uint64_t kSeed = draw_seed();
      return keyed_hash(to_bytes(key), kSeed);
    }
  };
  std::list<Row> rows_;  // the latest first
  std::unordered_map<std::string_view, typename std::list<Row>::iterator, Hash> index_;
};

}  // namespace lapwing::nfs
