// Finding: what a rule found, from its match until it is told as an alert.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "sensor/event/alert.h"

namespace lapwing::detect {

struct Rule;

/// What an expression captured, under the number of its name.
struct Variable {
  uint16_t name = 0;
  std::string text;
};

/// A message of the stream and the transaction it belongs to.
struct OpenMessage {
  const Protocol* protocol = nullptr;  // null: none is open
  uint64_t tx_id = 0, begin = 0;
};

struct Finding {
  const Rule* rule = nullptr;  // of the set in use: not for longer than a packet
  std::shared_ptr<const RuleInfo> info;
  Action action = Action::alert;
  Direction direction = Direction::to_server;
  bool has_tx = false, stream = false;
  bool complete = false;  // its transaction will say nothing more
  uint64_t tx_id = 0;
  uint64_t begin = 0, end = 0;  // in the stream: of the transaction's message; of what was found, 0 when not there
  const Protocol* protocol = nullptr;
  std::string app_layer, context, forwarded, frame;
  std::string copied;               // the payload, of stream data
  Bytes payload;                    // of others
  std::vector<Variable> variables;  // of the packet it was found at
  IpAddress src, dst;
};

/// Bytes of the findings that wait in the flows of one worker, and the most they may be.
struct WaitingBudget {
  static constexpr uint64_t kLimit = 64ull << 20;
  uint64_t used = 0;
};

/// A finding of a flow that waits for what the other side answers, and then for a packet that goes the way the alert
/// says [W]. When it is told depends on the transaction, so that what it shows does not depend on segments.
class Waiting {
 public:
  explicit Waiting(std::shared_ptr<WaitingBudget> budget) : budget_(std::move(budget)) {}
  ~Waiting() { release(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void account() {
    release();
    bytes_ = sizeof *this;
    for (const std::string* text :
         {&finding.app_layer, &finding.context, &finding.forwarded, &finding.frame, &finding.copied}) {
      bytes_ += text->capacity();
    }
    bytes_ += packet.capacity();
    for (const Variable& variable : finding.variables) bytes_ += variable.text.capacity();
    budget_->used += bytes_;
  }
  void release() {
    budget_->used -= bytes_;
    bytes_ = 0;
  }

  /// Seconds that an answer is waited for.
  static constexpr int64_t kLongest = 10;
  bool over(Timestamp now) const {
    return !finding.has_tx || finding.complete || now.ns - since.ns > kLongest * 1'000'000'000;
  }

  Finding finding;
  Timestamp since;
  std::string packet;  // the last of the direction that came meanwhile, for the case that none comes after
  uint16_t link_type = 1;

 private:
  std::shared_ptr<WaitingBudget> budget_;
  uint64_t bytes_ = 0;
};

}  // namespace lapwing::detect
