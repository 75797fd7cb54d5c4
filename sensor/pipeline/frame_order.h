// FrameOrder: gives the workers of a replay the order of the capture where they touch what they share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace lapwing {

/// Every worker of a replay sees every frame, and announces up to where it has finished or passed over them. Whoever
/// needs shared state on frame n waits until all others are past what comes before it, so the outcome is that of a
/// single worker.
class FrameOrder {
 public:
  explicit FrameOrder(size_t workers) : finished_(std::make_unique<Slot[]>(workers)), workers_(workers) {}

  void finished(size_t worker, uint64_t number) { finished_[worker].number.store(number, std::memory_order_release); }
  /// No more frames come to this worker: nobody waits for it any longer.
  void leave(size_t worker) { finished(worker, UINT64_MAX); }
  /// Among workers that share a frame (the layers of a tunnel) the lower index goes first.
  void wait(size_t worker, uint64_t number) const {
    for (size_t other = 0; other < workers_; ++other) {
      if (other == worker) continue;
      uint64_t wanted = other < worker ? number : number - 1;
      while (finished_[other].number.load(std::memory_order_acquire) < wanted) std::this_thread::yield();
    }
  }

 private:
  struct alignas(64) Slot {
    std::atomic<uint64_t> number = 0;
  };
  std::unique_ptr<Slot[]> finished_;
  size_t workers_;
};

}  // namespace lapwing
