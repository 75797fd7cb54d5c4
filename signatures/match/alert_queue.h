// AlertQueue: what rules found in one packet, until its end sorts, thresholds and delivers it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "signatures/match/finding.h"
#include "signatures/match/scene.h"

namespace lapwing::rules {

inline constexpr size_t kMaxQueuedAlerts = 1024;  // matches of one packet; more are dropped and counted
inline constexpr size_t kWaitingAlertsMax = 64;   // of one flow; more are told at once and counted

/// The bytes that an alert shows.
struct Payload {
  Bytes bytes;
  bool stream = false;  // reassembled, and so gone at delivery
  Bytes lead = {};      // of the stream, before a gap
  uint64_t end = 0;     // of what was found, in the stream; 0: that is not known
  OpenMessage open = {};
};

/// [W] Keeps its memory from one packet to the next.
class AlertQueue {
 public:
  AlertQueue(AlertSink& sink, MatchCounters& counters) : sink_(sink), counters_(counters) {}

  void clear() {
    count_ = 0;
    follows_one_ = false;
  }
  /// `context` holds JSON members. `only`: what is live of the flow, where that is one transaction and the rule names
  /// none.
  void add(const Rule& rule, const Scene& scene, const Payload& payload, std::string_view context,
           const LiveTransactions* only = nullptr);
  /// The transaction got on: what was found in it, or in the bytes of its message, and is not told yet, shows it as it
  /// is now. `from`: of what was found in this packet, the first to look at.
  void follow(const Event& event, FlowState* state, size_t from = 0);
  /// Whether what gets on is the only live transaction of its flow, and may be guessed.
  void follow_one(bool is) { follows_one_ = is; }
  size_t size() const { return count_; }
  /// Tells what waited for a packet of this direction and for nothing else; without a packet, all that waits.
  void tell_waiting(const MatchContext& context, const Compiled& rules, FlowStates& states);
  /// `variables`: what rules captured of the packet.
  void deliver(const MatchContext& context, const Compiled& rules, SharedState& shared, FlowStates& states,
               std::span<const Variable> variables);

 private:
  static constexpr size_t kSpare = 256, kSpareBytes = 16 << 10;  // that waited, and each kept for its memory

  /// True when it was found in this transaction; what was found in a stream belongs to the last message that begins
  /// before its end.
  bool belongs(Finding& finding, const Event& event) const;
  void show(Finding& finding, const Event& event);
  bool suppressed(const Finding& finding, const Compiled& rules) const;
  /// False when a threshold holds the alert back; `action` may be changed by a rate filter.
  bool passes(const Finding& finding, const MatchContext& context, SharedState& shared, Action& action);
  static bool ends_flow_inspection(const Finding& finding);
  void tag(const Finding& finding, const MatchContext& context, SharedState& shared, FlowStates& states);
  bool waits(const Finding& finding, const MatchContext& context, const FlowStates& states);
  void wait(Finding& finding, const MatchContext& context, FlowStates& states, std::span<const Variable> variables);
  /// `packet`: what the alert shows of one.
  void tell(const Finding& finding, const MatchContext& context, const Compiled& rules,
            std::span<const Variable> variables, const PacketBytes& packet);
  PacketBytes packet_at_hand(const MatchContext& context) const {
    return context.packet ? sink_.shown(*context.packet) : PacketBytes{};
  }

  AlertSink& sink_;
  MatchCounters& counters_;
  std::vector<Finding> found_;
  std::vector<uint32_t> sequence_;
  std::vector<std::unique_ptr<Waiting>> spare_;
  std::vector<NamedText> pktvars_;
  size_t count_ = 0;
  bool follows_one_ = false;
};

}  // namespace lapwing::rules
