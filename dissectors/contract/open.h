// Open: the transactions of a flow that are not over.
#pragma once

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "sensor/base/per_thread.h"

namespace lapwing {

/// Answers in the order of requests need no key.
using NoKey = std::monostate;

/// [W] In the order in which they were opened; addresses hold until close. A transaction with a `reset()` comes from,
/// and goes back to, a pool of the thread, and keeps the capacities that it has grown.
template <class Tx, class Key = NoKey>
class Open {
 public:
  Open() = default;
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    while (!rows_.empty()) close(*rows_.back().tx);
  }

  Tx& open(const Key& key = {}) {
    rows_.push_back({key, take()});
    return *rows_.back().tx;
  }
  Tx* oldest() { return rows_.empty() ? nullptr : rows_.front().tx.get(); }
  Tx* latest() { return rows_.empty() ? nullptr : rows_.back().tx.get(); }
  /// The oldest of that key, or null.
  Tx* find(const Key& key) {
    for (auto& row : rows_) {
      if (row.key == key) return row.tx.get();
    }
    return nullptr;
  }
  size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  void close(const Tx& tx) {
    for (auto row = rows_.begin(); row != rows_.end(); ++row) {
      if (row->tx.get() != &tx) continue;
      give(std::move(row->tx));
      rows_.erase(row);
      return;
    }
  }

 private:
  static constexpr bool kPooled = requires(Tx & tx) { tx.reset(); };
  static constexpr size_t kPool = 64;  // spare transactions that a thread keeps
  struct Row {
    Key key;
    std::unique_ptr<Tx> tx;
  };

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

  std::vector<Row> rows_;
};

}  // namespace lapwing
