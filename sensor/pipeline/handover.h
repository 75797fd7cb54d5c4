// RuleHandover: a rule set on its way to a worker, and what it replaces on its way back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "sensor/event/alert.h"
#include "sensor/event/wanted.h"
#include "signatures/match/matcher.h"

namespace lapwing {

/// Alerts by signature, for the summary.
struct SignatureHits {
  const RuleInfo* rule = nullptr;
  uint64_t hits = 0;
};

/// [H] Made by whoever changes the rules; the worker exchanges its own parts for these and gives it back, so that
/// nothing is freed on the packet path.
struct RuleHandover {
  std::unique_ptr<MatcherKit> kit;
  bool has_rules = false;
  std::vector<Wanted> wanted;       // of each protocol, by the rules or by records
  std::vector<SignatureHits> hits;  // on the way back: of the rules replaced, whose descriptions end with the kit
};

/// Where a handover changes hands between one giver and one worker.
class HandoverSlot {
 public:
  // The giver's side: one handover at a time, which it keeps alive until it is back.
  void offer(RuleHandover& handover) { offered_.store(&handover, std::memory_order_release); }
  bool back() {
    if (offered_.load(std::memory_order_acquire) == nullptr) return true;
    if (!closed_.load()) return false;
    offered_.store(nullptr, std::memory_order_relaxed);
    return true;
  }

  // The worker's side: a relaxed look between bursts.
  RuleHandover* offered() const {
    return offered_.load(std::memory_order_relaxed) ? offered_.load(std::memory_order_acquire) : nullptr;
  }
  void give_back() { offered_.store(nullptr, std::memory_order_release); }
  /// The worker has ended: what is offered comes back as it is.
  void close() { closed_.store(true); }

 private:
  std::atomic<RuleHandover*> offered_ = nullptr;
  std::atomic<bool> closed_ = false;
};

}  // namespace lapwing
