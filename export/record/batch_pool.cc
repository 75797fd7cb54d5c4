#include "export/record/batch_pool.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

namespace lapwing {

struct BatchPool::Slot {
  static constexpr size_t kControlBytes = 96;  // libstdc++ needs 56

  RecordBatch batch;
  std::shared_ptr<Shared> home;  // while handed over
  Slot* next = nullptr;
  alignas(std::max_align_t) std::array<std::byte, kControlBytes> control;
};

/// The returned slots, a stack: any thread pushes one, the worker takes all at once, so there is no ABA problem and
/// no lock. Lives as long as the pool or any batch of it.
struct BatchPool::Shared {
  std::atomic<Slot*> returned{nullptr};

  ~Shared() { free_list(returned.load(std::memory_order_acquire)); }

  static void free_list(Slot* slot) {
    while (slot) delete std::exchange(slot, slot->next);
  }

  static void give_back(Slot* slot) {
    slot->batch.text.clear();
    if (slot->batch.text.capacity() > kKeepBytes) slot->batch.text.shrink_to_fit();
    slot->batch.entries.clear();
    slot->batch.findings.clear();
    slot->batch.piece_bytes.clear();
    if (slot->batch.piece_bytes.capacity() > kKeepBytes) slot->batch.piece_bytes.shrink_to_fit();
    slot->batch.pieces.clear();
    slot->batch.urgent = false;
    std::shared_ptr<Shared> home = std::move(slot->home);
    slot->next = home->returned.load(std::memory_order_relaxed);
    while (
        !home->returned.compare_exchange_weak(slot->next, slot, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }
};

/// Puts the shared_ptr's control block into its slot. The block is freed last of all, so its end is the moment when
/// the slot can be used again.
template <class T>
struct BatchPool::InSlot {
  using value_type = T;
  Slot* slot;

  explicit InSlot(Slot* s) : slot(s) {}
  template <class U>
  InSlot(const InSlot<U>& other) : slot(other.slot) {}

  T* allocate(size_t count) {
    static_assert(sizeof(T) <= Slot::kControlBytes);
    if (count != 1) throw std::bad_alloc();
    return reinterpret_cast<T*>(slot->control.data());
  }
  void deallocate(T*, size_t) { Shared::give_back(slot); }
  bool operator==(const InSlot&) const = default;
};

BatchPool::BatchPool() : shared_(std::make_shared<Shared>()) {}

BatchPool::~BatchPool() {
  Shared::free_list(free_);
  delete current_;
}

RecordBatch& BatchPool::take() {
  if (!free_) free_ = shared_->returned.exchange(nullptr, std::memory_order_acquire);
  current_ = free_ ? std::exchange(free_, free_->next) : new Slot;
  return current_->batch;
}

std::shared_ptr<const RecordBatch> BatchPool::hand_over() {
  Slot* slot = std::exchange(current_, nullptr);
  slot->home = shared_;
  return {&slot->batch, [](const RecordBatch*) {}, InSlot<const RecordBatch>(slot)};
}

}  // namespace lapwing
