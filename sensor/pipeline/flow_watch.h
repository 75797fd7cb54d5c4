// FlowWatch: tells the detectors what happens to flows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "analytics/frame/observer.h"
#include "sensor/app/app_layer.h"
#include "sensor/base/counters.h"
#include "sensor/event/chunk.h"
#include "sensor/flow/flow.h"
#include "sensor/pipeline/identification.h"
#include "sensor/pipeline/look.h"
#include "sensor/pipeline/midway.h"
#include "sensor/pipeline/sensor_config.h"

namespace lapwing {

struct WatchCounters {
  uint64_t pending_max = 0;  // flows whose answer is not waited for: as many are waited for as may be
};
std::span<const CounterRow<WatchCounters>> watch_counter_rows();

/// [W] Keeps in FlowSlot::watch what it needs of a flow that waits for its answer or that carries payload: a scan or
/// flood leaves nothing behind.
class FlowWatch {
 public:
  /// Flows whose answer is waited for.
  static constexpr size_t kPending = 1 << 16;

  /// `config`: of connections whose beginning was not seen.
  FlowWatch(analytics::Observer& observer, const AppLayer& app, Identification& identification,
            const SensorConfig& config);
  ~FlowWatch();

  /// Each packet of a flow, when all else is done with it.
  void packet(const Look& look);
  void event(const Look& look, const Event& event);
  /// A rule alerts, of whatever packet or flow.
  void alert(const MatchContext& context, const Alert& alert);
  /// Bytes of a stream that both ends agreed on, before they are dissected.
  void chunk(Flow& flow, const Chunk& chunk);
  /// Client and server change places.
  void swap_direction(const Flow& flow);
  /// The flow is over.
  void close(const Look& look);
  /// The clock has come to this second: what waited for it is told, and the seconds before are sealed.
  void advance(int64_t second);
  void finish() { observer_.finish(); }
  void add_counters(CounterSet& set) const;

 private:
  struct Watched;
  struct Pending;
  class Queue;
  class Source;
  class Sightings;

  Watched* watch(Flow& flow, Timestamp now);
  void forget(Flow& flow, Timestamp now);
  void tell(const Flow& flow, FlowMoment moment, Timestamp time, const Packet* packet = nullptr);
  void await_answer(const Look& look);
  void tell_answer(const Look& look, Watched* watched);
  void take_payload(const Look& look, Watched& watched);
  bool hear(const Flow& flow, Watched& watched, const Chunk& chunk);
  bool hear_midway(const Chunk& chunk);
  void leave_midway(Flow& flow, Watched& watched, Timestamp now);
  bool knows(const Flow& flow, const Watched& watched) const;
  void tell_beginning(const Flow& flow, Watched& watched, Timestamp time);
  void end_burst(const Flow& flow, Watched& watched);
  void tell_login(Source& source, const Event& event);
  void tell_sightings(Source& source, const Event& event);
  void tell_unanswered(const Flow& flow, Timestamp time);
  /// What comes next is of the packet looked at, or of none.
  void come_to(const Packet* packet);
  void tell_tick(const Flow& flow, Watched& watched, FlowMoment moment, Timestamp time);
  FlowUpdate update_of(const Flow& flow, FlowMoment moment, Timestamp time);

  analytics::Observer& observer_;
  const AppLayer& app_;
  Identification& identification_;
  std::unique_ptr<Queue> pending_;
  int64_t second_ = 0;                // that the clock has come to
  std::unique_ptr<Midway> midway_;    // null: of those nothing is read
  Flow* at_midway_ = nullptr;         // whose bytes it is at
  FlowRef flow_;                      // of the update at hand
  uint8_t interface_ = kNoInterface;  // of the packet at hand
  WatchCounters counters_;
};

}  // namespace lapwing
