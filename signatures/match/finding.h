// Finding: what a rule found, from its match until it is told as an alert.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "sensor/event/alert.h"

namespace lapwing::rules {

struct Rule;

/// What an expression captured, under the number of its name.
struct Variable {
  uint16_t name = 0;
  std::string text;
};

/// A message of the stream and the transaction it belongs to.
struct OpenMessage {
  const Protocol* protocol = nullptr;  // null: none is open
  uint64_t tx_id = 0, tx_number = 0, begin = 0;
};

struct Finding {
  const Rule* rule = nullptr;  // of the set in use: not for longer than a packet
  std::shared_ptr<const RuleInfo> info;
  Action action = Action::alert;
  Direction direction = Direction::to_server;
  bool has_tx = false, stream = false;
  bool guessed = false;   // its rule names no transaction: it is that of the bytes, or its flow had no other
  bool complete = false;  // its transaction will say nothing more
  uint64_t tx_id = 0, tx_number = 0;
  std::optional<uint32_t> file;  // of the transaction's, in its direction: number of the one it is about
  uint64_t begin = 0, end = 0;   // in the stream: of the transaction's message; of what was found, 0 when not there
  const Protocol* protocol = nullptr;
  std::string app_layer, context, forwarded, frame;
  std::string copied;               // the payload, of stream data
  Bytes payload;                    // of others
  std::vector<Variable> variables;  // of the packet it was found at
  IpAddress src, dst;

  /// Bytes of a protocol's stream may belong to a message of which nothing is known yet.
  bool lacks_answer() const { return !complete && (has_tx || (protocol && end > 0)); }
};

/// Bytes that wait in the flows of one worker, and the most they may be.
struct WaitingBudget {
  static constexpr uint64_t kLimit = 64ull << 20;
  uint64_t used = 0;
};

struct Waiting {
  /// Seconds that an answer is waited for.
  static constexpr int64_t kLongest = 10;

  bool over(Timestamp now) const { return !finding.lacks_answer() || now.ns - since.ns > kLongest * 1'000'000'000; }
  uint64_t size() const {
    uint64_t bytes = sizeof *this;
    for (const std::string* text :
         {&finding.app_layer, &finding.context, &finding.forwarded, &finding.frame, &finding.copied}) {
      bytes += text->capacity();
    }
    for (const Variable& variable : finding.variables) bytes += sizeof variable + variable.text.capacity();
    return bytes;
  }

  Finding finding;
  Timestamp since;
};

/// The findings of a flow that wait for what the other side answers, and then for a packet that goes the way the alert
/// says [W]. When they are told depends on their transactions, so that what they show does not depend on segments.
class WaitingRoom {
 public:
  explicit WaitingRoom(std::shared_ptr<WaitingBudget> budget) : budget_(std::move(budget)) {}
  ~WaitingRoom() { budget_->used -= bytes_; }
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  /// The latest packet of a direction of which something waits, for the case that none comes after.
  void keep(Direction direction, const PacketBytes& packet) {
    Kept& kept = packets_[index(direction)];
    kept.bytes.assign(to_text(packet.bytes));
    kept.link_type = packet.link_type;
  }
  PacketBytes latest(Direction direction) const {
    const Kept& kept = packets_[index(direction)];
    return {to_bytes(kept.bytes), kept.link_type};
  }
  /// To be called after every change.
  void account() {
    budget_->used -= bytes_;
    bytes_ = packets_[0].bytes.capacity() + packets_[1].bytes.capacity();
    for (const auto& waiting : all) bytes_ += waiting->size();
    budget_->used += bytes_;
  }

  std::vector<std::unique_ptr<Waiting>> all;  // in the order in which they were found

 private:
  struct Kept {
    std::string bytes;
    uint16_t link_type = 1;
  };

  std::shared_ptr<WaitingBudget> budget_;
  std::array<Kept, 2> packets_;
  uint64_t bytes_ = 0;
};

}  // namespace lapwing::rules
