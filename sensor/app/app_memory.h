// AppMemory: what the application layer keeps of a worker's flows, and which flow is to give up its part first.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "sensor/base/allocator.h"

namespace lapwing {

struct Flow;

/// [W] Measured at the allocator: what dissectors and their libraries allocate while a flow is at hand is that flow's.
class AppMemory {
 public:
  /// A flow's part. It takes its place behind all others once something is kept, and leaves with the flow.
  class Part {
   public:
    Part(std::shared_ptr<AppMemory> all, Flow& flow) : all_(std::move(all)), flow_(flow) {}
    ~Part() {
      all_->held_ -= held_;
      if (waiting_) all_->remove(*this);
    }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    friend class AppMemory;

    const std::shared_ptr<AppMemory> all_;  // flows may outlive the application layer
    Flow& flow_;
    int64_t held_ = 0;
    bool active_ = false;   // bytes came since its turn was looked at last
    bool waiting_ = false;  // stands in the row
    bool left_ = false;     // it had its turn
    Part *next_ = nullptr, *previous_ = nullptr;
  };

  /// While it lives, what this thread allocates and frees is the part's. One part at a time; nested, the outer counts.
  class Metered {
   public:
    explicit Metered(Part& part) : all_(*part.all_), outer_(all_.at_hand_ != nullptr) {
      part.active_ = true;
      if (outer_) return;
      all_.at_hand_ = &part;
      all_.mark_ = thread_memory();
    }
    ~Metered() {
      if (outer_) return;
      all_.settle();
      all_.at_hand_ = nullptr;
    }
    Metered(const Metered&) = delete;
    Metered& operator=(const Metered&) = delete;

   private:
    AppMemory& all_;
    const bool outer_;
  };
  /// While it lives, others are called, whose memory is not the part's.
  class Paused {
   public:
    explicit Paused(AppMemory& all) : all_(all) { all_.settle(); }
    ~Paused() { all_.mark_ = thread_memory(); }
    Paused(const Paused&) = delete;
    Paused& operator=(const Paused&) = delete;

   private:
    AppMemory& all_;
  };

  int64_t held() const { return held_; }
  /// The flow that has kept memory for longest without bytes coming, or null; it leaves the row.
  Flow* take_idle();

 private:
  void append(Part& part);
  void remove(Part& part);
  void settle() {
    if (!at_hand_) return;
    const int64_t grown = thread_memory() - mark_;
    at_hand_->held_ += grown;
    held_ += grown;
    if (at_hand_->held_ > 0 && !at_hand_->waiting_ && !at_hand_->left_) append(*at_hand_);
  }

  Part* first_ = nullptr;
  Part* last_ = nullptr;
  Part* at_hand_ = nullptr;
  int64_t mark_ = 0, held_ = 0;
};

}  // namespace lapwing
