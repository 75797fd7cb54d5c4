// LiveTransactions: of which transaction an alert may be whose rule names none (detect.guess-applayer-tx).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "signatures/match/finding.h"

namespace lapwing::rules {

/// Nothing of the transaction comes any more.
inline bool is_over(const Event& event) {
  const auto& progress = event.tx->progress;
  return event.protocol->one_message || (progress[0] == kComplete && progress[1] == kComplete);
}

/// How many transactions of a flow are live, and what alerts show of the latest [W]. One is live from its first
/// progress until nothing of it comes any more; of what packets say, those that ended in the packet at hand are too.
class LiveTransactions {
 public:
  struct Shown {
    std::string app_layer, forwarded;
  };

  explicit LiveTransactions(std::shared_ptr<WaitingBudget> budget) : budget_(std::move(budget)) {}
  ~LiveTransactions() { forget(); }
  LiveTransactions(const LiveTransactions&) = delete;
  LiveTransactions& operator=(const LiveTransactions&) = delete;

  /// Another packet.
  void settle() {
    over_ = 0;
    if (latest_is_ == Latest::over) forget();
  }
  /// The transaction got on; `first`: it has made no progress before. `show` fills what alerts of a direction show.
  template <class Show>
  bool advance(const Event& event, bool first, Show show) {
    if (first) {
      ++live_;
      latest_ = {event.protocol, event.tx->id, event.tx->number};
      latest_is_ = Latest::live;
    }
    if (!is_latest(*event.protocol, event.tx->id)) return true;
    budget_->used -= std::exchange(bytes_, 0);
    for (Direction direction : {Direction::to_server, Direction::to_client}) show(direction, shown_[index(direction)]);
    for (const Shown& shown : shown_) bytes_ += shown.app_layer.capacity() + shown.forwarded.capacity();
    budget_->used += bytes_;
    if (budget_->used <= WaitingBudget::kLimit) return true;
    forget();
    return false;
  }
  void end(const Event& event) {
    live_ -= live_ > 0;
    ++over_;
    if (is_latest(*event.protocol, event.tx->id)) latest_is_ = Latest::over;
  }

  /// Whether the latest is the only one.
  bool one(bool of_packet) const {
    if (of_packet) return live_ + over_ == 1 && latest_is_ != Latest::gone;
    return live_ == 1 && latest_is_ == Latest::live;
  }
  bool is_latest(const Protocol& protocol, uint64_t id) const {
    return latest_is_ != Latest::gone && latest_.protocol == &protocol && latest_.tx_id == id;
  }
  const OpenMessage& latest() const { return latest_; }
  const Shown& shown(Direction direction) const { return shown_[index(direction)]; }

 private:
  enum class Latest : uint8_t { gone, over, live };

  void forget() {
    latest_is_ = Latest::gone;
    shown_ = {};
    budget_->used -= std::exchange(bytes_, 0);
  }

  std::shared_ptr<WaitingBudget> budget_;
  uint32_t live_ = 0, over_ = 0;
  Latest latest_is_ = Latest::gone;
  OpenMessage latest_;
  std::array<Shown, 2> shown_;  // by index(Direction)
  uint64_t bytes_ = 0;
};

}  // namespace lapwing::rules
