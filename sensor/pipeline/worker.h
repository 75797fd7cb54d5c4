// Worker: the loop of one core, from frames to records.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "sensor/capture/packet_source.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/pipeline/counter_board.h"
#include "sensor/pipeline/handover.h"
#include "sensor/pipeline/inspector.h"
#include "sensor/pipeline/memory_guard.h"
#include "sensor/pipeline/worker_share.h"
#include "sensor/stream/defrag.h"

namespace lapwing {

/// [W] Frames into packets with their flow, which the inspector looks at;
/// between bursts, what is due: flows whose time is over, new rules, counters
/// for others, records for the export thread.
class Worker final : private Division {
 public:
  Worker(size_t index, PacketSource& source, const WorkerShare& share);

  /// Runs until the source ends, by itself or by its stop(), then ends every
  /// flow. Called on the worker's own thread.
  void run();

  /// What taking these rules needs, and its offer: the worker takes it before
  /// its next burst. Safe from one other thread, which keeps the handover alive
  /// until given_back(). A worker that has ended takes nothing.
  std::unique_ptr<RuleHandover> prepare(std::shared_ptr<const RuleSet> rules) const {
    return inspector_.prepare(std::move(rules));
  }
  void offer(RuleHandover& handover) { slot_.offer(handover); }
  bool given_back() { return slot_.back(); }

  const CounterBoard& counters() const { return board_; }
  double progress() const { return progress_.load(std::memory_order_relaxed); }

  // When it has ended:
  std::span<const uint64_t> records_written() const { return inspector_.reporter().written(); }
  const std::vector<SignatureHits>& signature_hits() const { return inspector_.reporter().hits(); }
  Timestamp last_time() const { return now_; }
  uint64_t flows() const { return flows_.counters().total; }

 private:
  // Live, ends of flows at a time. All that are due in a second come up at
  // once, and what their records cost must not fill the ring: few while it is
  // fuller than kCalm, unless they have waited for kLate seconds.
  static constexpr size_t kEnds = kBurst, kFewEnds = kBurst / 8;
  static constexpr double kCalm = 1.0 / 8;
  static constexpr int64_t kLate = 10;
  static constexpr size_t kGroup = 16;  // packets decoded before the first of them is looked into
  static constexpr size_t kLayers = kMaxTunnel + 1;

  /// What is known of a packet before it is looked into.
  struct Arrival {
    Timestamp now;  // the latest time of all frames up to its own
    Share share = Share::shared;
    bool mine = true;
    FlowTable::Lookup lookup;
  };

  void take_burst(std::span<const Frame> frames);
  size_t take_group(std::span<const Frame> frames);
  size_t gather(std::span<const Frame> frames, size_t& count, Timestamp& clock);
  void come_to(uint64_t number, Timestamp now);
  void take(Packet& packet, const Arrival& arrival);
  void take_fragment(const Packet& first, bool of_mine);
  void judge(Packet& packet, Share share);
  void follow(const Packet& packet, const FlowTable::Lookup& lookup);
  FlowTable::Lookup look_up(const Packet& packet) const;
  size_t owner(const Frame& frame) const override;
  size_t owner(const IpAddress& one, const IpAddress& other) const;
  bool mine(const Packet& packet) const { return !divided_ || falls_to_me(packet); }
  bool falls_to_me(const Packet& packet) const;

  void expire();
  bool expire_idle();
  void take_rules(RuleHandover& handover);
  void publish();
  void tell_unknown();
  void add_counters(CounterSet& set) const;

  const size_t index_;
  const bool replay_;
  const size_t workers_;
  const bool divided_;  // of a replay with several: each takes the flows that fall to it
  const bool speaks_;   // for what all workers do alike, so that it counts once
  FrameOrder* const order_;
  PacketSource& source_;
  Origin origin_;
  Decoder decoder_;
  Defragmenter defrag_;
  FlowTable flows_;
  MemoryGuard guard_;
  Inspector inspector_;

  std::array<Packet, kGroup + kLayers> packets_;  // of the frames at hand, the layers of each outermost first
  std::array<Arrival, kGroup + kLayers> arrivals_;
  std::array<Packet, kLayers> reassembled_;  // layers of what the defragmenter put together
  Timestamp now_;
  int64_t expired_to_ = INT64_MIN;  // in replay: the second of packet time up to
                                    // which flows were ended
  uint64_t last_number_ = 0;
  uint64_t dropped_frame_ = UINT64_MAX;  // whose destination drops a packet around the one at hand
  size_t told_unknown_ = 0;

  HandoverSlot slot_;
  WorkerCounters worked_;
  CounterBoard board_;
  std::atomic<double> progress_ = 0;
};

}  // namespace lapwing
