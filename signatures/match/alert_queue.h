// AlertQueue: what rules found in one packet, until its end sorts, thresholds and delivers it.
#pragma once

#include <string>
#include <vector>

#include "signatures/match/scene.h"

namespace lapwing::detect {

inline constexpr size_t kMaxQueuedAlerts = 1024;  // matches of one packet; more are dropped and counted

/// [W] Keeps its memory from one packet to the next.
class AlertQueue {
 public:
  AlertQueue(AlertSink& sink, DetectCounters& counters) : sink_(sink), counters_(counters) {}

  void clear() { count_ = 0; }
  /// `payload` is copied when it is stream data, which may be gone at delivery; `context` holds JSON members.
  void add(const Rule& rule, const Scene& scene, Bytes payload, bool stream, std::string_view context);
  void deliver(const MatchContext& context, const Compiled& rules, Shared& shared, FlowStates& states);

 private:
  struct Entry {
    const Rule* rule = nullptr;
    Direction direction = Direction::to_server;
    bool has_tx = false, stream = false;
    uint64_t tx_id = 0;
    const Protocol* protocol = nullptr;
    std::string app_layer, context, forwarded, frame;
    std::string copied;  // the payload, of a stream alert
    Bytes payload;       // of others
    IpAddress src, dst;
  };
  bool suppressed(const Entry& entry, const Compiled& rules) const;
  /// False when a threshold holds the alert back; `action` may be changed by a rate filter.
  bool passes(const Entry& entry, const MatchContext& context, Shared& shared, Action& action);
  static bool ends_flow_inspection(const Entry& entry);
  void tag(const Entry& entry, const MatchContext& context, Shared& shared, FlowStates& states);

  AlertSink& sink_;
  DetectCounters& counters_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> sequence_;
  size_t count_ = 0;
};

}  // namespace lapwing::detect
