// Epochs: what a worker's Locals saw of a second, on its way to the analyst.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "analytics/frame/alerts.h"
#include "analytics/frame/detector.h"

namespace lapwing::analytics {

/// [H] Its deltas stay: cleared by the analyst, they are filled anew, and a second costs no memory.
struct Epoch {
  struct Said {
    std::unique_ptr<AnyDelta> delta;
    bool any = false;
  };
  Second second = 0;       // the last of those that it covers
  std::vector<Said> said;  // by detector
  AlertSums alerts;
};

/// [H] Wakes the analyst. To wake a thread costs more than a second of most traffic, so that in a replay several
/// seconds wait for one ring.
class Bell {
 public:
  uint64_t rung() const { return rung_.load(std::memory_order_acquire); }
  /// Until it rings, or at once where it has rung since it had rung `rung` times.
  void wait(uint64_t rung) const { rung_.wait(rung); }
  void ring() {
    rung_.fetch_add(1, std::memory_order_release);
    rung_.notify_one();
  }
  /// Somebody waits for the analyst, who may wait for what others have sealed.
  bool urgent() const { return waiting_.load() > 0; }
  void hurry() {
    waiting_.fetch_add(1);
    ring();
  }
  void relax() { waiting_.fetch_sub(1); }

 private:
  std::atomic<uint64_t> rung_ = 0;
  std::atomic<uint32_t> waiting_ = 0;
};

/// [H] From one worker to the analyst: a ring of sealed epochs, and how far the worker's clock has come.
class Epochs {
 public:
  static constexpr size_t kRing = 16;
  static constexpr size_t kBatch = 8;  // epochs for which a replay rings
  static constexpr Second kEnd = std::numeric_limits<Second>::max();

  // The worker's side.
  bool full() const { return tail_ - head_.load(std::memory_order_acquire) == kRing; }
  void wait_for_room(Bell& bell) const {
    if (!full()) return;
    bell.hurry();
    for (size_t head = head_.load(std::memory_order_acquire); tail_ - head == kRing;
         head = head_.load(std::memory_order_acquire)) {
      head_.wait(head);
    }
    bell.relax();
  }
  /// The one to fill; there must be room.
  Epoch& next() { return ring_[tail_ % kRing]; }
  void push() { ++tail_; }
  /// All that was seen up to `second` has been pushed. `bell` is shared by all workers; it rings `now`, for a batch,
  /// and when somebody waits.
  void sealed(Second second, Bell& bell, bool now) {
    shown_.store(tail_, std::memory_order_release);
    sealed_to_.store(second);  // before the bell is asked, whose hurry a waiting worker says before it waits
    const bool batch = tail_ - rung_at_ >= kBatch;
    if (!now && !batch && !bell.urgent()) return;
    rung_at_ = tail_;
    bell.ring();
  }

  // The analyst's.
  Second sealed_to() const { return sealed_to_.load(); }
  Epoch* front() {
    const size_t head = head_.load(std::memory_order_relaxed);
    return head == shown_.load(std::memory_order_acquire) ? nullptr : &ring_[head % kRing];
  }
  /// The front is read, and its deltas are cleared.
  void pop() {
    head_.fetch_add(1, std::memory_order_release);
    head_.notify_one();
  }

 private:
  std::array<Epoch, kRing> ring_;
  size_t tail_ = 0, rung_at_ = 0;  // the worker's
  std::atomic<size_t> shown_ = 0, head_ = 0;
  std::atomic<Second> sealed_to_ = std::numeric_limits<Second>::min();
};

}  // namespace lapwing::analytics
