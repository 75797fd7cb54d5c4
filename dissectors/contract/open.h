// Open: the transactions of a flow that are not over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "sensor/base/per_thread.h"

namespace lapwing {

/// Answers in the order of requests need no key.
using NoKey = std::monostate;

/// [W] In the order in which they were opened; addresses hold until close. The oldest is found and closed at once,
/// however many wait. A transaction with a `reset()` comes from, and goes back to, a pool of the thread, and keeps the
/// capacities that it has grown.
template <class Tx, class Key = NoKey>
class Open {
 public:
  Open() = default;
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    for (Row& row : waiting()) give(std::move(row.tx));
  }

  Tx& open(const Key& key = {}) {
    rows_.push_back({mark(key), key, take()});
    return *rows_.back().tx;
  }
  Tx* oldest() { return empty() ? nullptr : waiting().front().tx.get(); }
  Tx* latest() { return empty() ? nullptr : waiting().back().tx.get(); }
  /// The oldest of that key, or null.
  Tx* find(const Key& key) {
    const size_t wanted = mark(key);
    for (Row& row : waiting()) {
      if (row.mark == wanted && row.key == key) return row.tx.get();
    }
    return nullptr;
  }
  size_t size() const { return rows_.size() - closed_; }
  bool empty() const { return size() == 0; }
  void close(const Tx& tx) {
    const auto is_it = [&](const Row& row) { return row.tx.get() == &tx; };
    const auto row = std::find_if(rows_.begin() + static_cast<std::ptrdiff_t>(closed_), rows_.end(), is_it);
    if (row == rows_.end()) return;
    give(std::move(row->tx));
    if (row != rows_.begin() + static_cast<std::ptrdiff_t>(closed_)) {
      rows_.erase(row);
    } else if (++closed_ * 2 > rows_.size()) {
      rows_.erase(rows_.begin(), row + 1);
      closed_ = 0;
    }
  }

 private:
  static constexpr bool kPooled = requires(Tx & tx) { tx.reset(); };
  static constexpr size_t kPool = 64;  // spare transactions that a thread keeps
  struct Row {
    size_t mark;
    [[no_unique_address]] Key key;
    std::unique_ptr<Tx> tx;
  };

  /// Who looks for a key in vain compares no texts.
  static size_t mark(const Key& key) { return std::hash<Key>()(key); }

  /// Made before the first transaction, with room for all: to give one back takes no memory.
  static std::vector<std::unique_ptr<Tx>>& pool() {
    return per_thread([] {
      std::vector<std::unique_ptr<Tx>> spare;
      spare.reserve(kPool);
      return spare;
    });
  }
  static std::unique_ptr<Tx> take() {
    if constexpr (kPooled) {
      auto& spare = pool();
      if (!spare.empty()) {
        std::unique_ptr<Tx> tx = std::move(spare.back());
        spare.pop_back();
        return tx;
      }
    }
    return std::make_unique<Tx>();
  }
  static void give(std::unique_ptr<Tx> tx) {
    if constexpr (kPooled) {
      if (pool().size() == kPool) return;
      tx->reset();
      pool().push_back(std::move(tx));
    }
  }

  std::span<Row> waiting() { return std::span(rows_).subspan(closed_); }

  std::vector<Row> rows_;
  size_t closed_ = 0;  // at the front, until they are as many as the others
};

}  // namespace lapwing
