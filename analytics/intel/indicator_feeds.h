// IndicatorFeeds: the indicators in force, which a reload replaces.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "analytics/intel/indicator_set.h"
#include "sensor/base/counters.h"

namespace lapwing::analytics {

/// [S] One set for all who look up, who take it anew within a second of its replacement.
class IndicatorFeeds {
 public:
  /// Throws FeedError, as load() does.
  explicit IndicatorFeeds(FeedOptions options) : current_(load(std::move(options))) {}

  /// Reads all feeds anew; rows at fault are logged. Throws FeedError: then nothing has changed.
  static std::shared_ptr<const IndicatorSet> load(FeedOptions options);
  /// One thread at a time. Waits until nobody looks up in the set before, so that it is freed here and on no packet's
  /// path; at most kPatience.
  void adopt(std::shared_ptr<const IndicatorSet> next);
  /// A reload left the set as it was.
  void refused() { refused_.fetch_add(1, std::memory_order_relaxed); }

  std::shared_ptr<const IndicatorSet> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  /// Another for each set.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  void add_counters(CounterSet& set) const;
  static void list_counters(CounterSet& set);

 private:
  static constexpr int kPatience = 3000;  // milliseconds

  mutable std::mutex mutex_;
  std::shared_ptr<const IndicatorSet> current_, before_;  // before_: somebody still looked up in it
  std::atomic<uint64_t> generation_ = 1, reloads_ = 0, refused_ = 0;
};

/// [W] [G] The set in force, as one thread looks up in it.
class IndicatorView {
 public:
  /// `feeds`: borrowed, or null for none.
  explicit IndicatorView(const IndicatorFeeds* feeds) : feeds_(feeds) { follow(); }
  /// True: it is another set now.
  bool follow() {
    if (!feeds_ || feeds_->generation() == generation_) return false;
    generation_ = feeds_->generation();
    set_ = feeds_->current();
    return true;
  }
  const IndicatorSet* get() const { return set_.get(); }

 private:
  const IndicatorFeeds* feeds_;
  std::shared_ptr<const IndicatorSet> set_;
  uint64_t generation_ = 0;
};

}  // namespace lapwing::analytics
