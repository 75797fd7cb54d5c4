// Midway: connections whose beginning was not seen are read for behaviour, where the sensor does not follow them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "sensor/app/app_layer.h"
#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/flow/budget.h"
#include "sensor/flow/flow.h"
#include "sensor/pipeline/first_segment.h"
#include "sensor/pipeline/look.h"
#include "sensor/stream/stream_engine.h"

namespace lapwing {

/// [S] Keys "analytics.midstream", "analytics.midstream-memcap".
struct MidwayConfig {
  bool enabled = false;
  uint64_t memcap = 0;
};
std::span<const OptionRow<MidwayConfig>> midway_options();

struct MidwayCounters {
  uint64_t flows = 0, alone = 0, memcap = 0, limits = 0, holes = 0;
};
std::span<const CounterRow<MidwayCounters>> midway_counter_rows();

/// What is kept of a connection beside what the flow table has of it.
struct Followed {
  std::unique_ptr<FirstSegment> first;  // not read yet: most are alone, and need no state of their own
  std::unique_ptr<Flow> flow;           // as Midway follows it; null until there is something to follow
  bool over = false;                    // nobody makes anything of it: nothing more is looked at
  bool heard = false;                   // enough of its bytes
  bool known = false;                   // by its protocol

  /// Nothing is to be done at a packet of a connection that the stream engine `has`.
  bool idle(bool has) const { return !flow && !first && (has || over); }
};

/// [W] Records and rules know nothing of such connections unless stream.midstream says so; who is watched is at work in
/// them all the same. Each is followed in a flow of its own, that no table has, so that nothing changes of the real
/// one: what is seen there is told of that flow.
class Midway final : private StreamSink, private AppSink {
 public:
  using Take = std::function<void(const Look&, const Event&)>;
  using Hear = std::function<bool(const Chunk&)>;

  /// `take`: each event of a dissector. `hear`: the bytes of the flow at hand, in its own directions and before they
  /// are dissected; false: that is enough of them.
  Midway(const MidwayConfig& config, const StreamConfig& stream, const AppConfig& app, const BudgetConfig& budget,
         Take take, Hear hear);

  /// A packet of TCP, of a flow that the stream engine has looked at and may follow itself.
  void packet(const Look& look, Followed& followed);
  /// It is over, if it was followed: what is half done of it is told.
  void close(const Flow& flow, Followed& followed, Timestamp now);
  MidwayCounters counters() const;

 private:
  void hold(const Look& look, Followed& followed);
  void read_first(const Flow& flow, Followed& followed, Timestamp now);
  void leave_first(Followed& followed);
  void read(const Packet& packet, const FlowCount& count, Direction direction, const Flow& flow, Followed& followed);
  void swap_if_reversed(Flow& followed);

  void chunk(Flow& flow, const Chunk& chunk) override;
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override;
  void event(Flow& flow, const Event& event) override;
  uint64_t depth(const Flow& flow, uint64_t configured) const override;
  // Of no use to detectors.
  void behind_hole(Flow&, const Chunk&, uint64_t) override {}
  void event(Flow&, StreamAnomaly) override {}
  void anomaly(Flow&, const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk&) override {}
  void recognition_anomaly(Flow&, RecognitionAnomaly, Direction) override {}
  void frame(Flow&, const MessageFrame&) override {}

  const uint64_t memcap_;
  uint64_t held_ = 0;  // bytes of first segments
  const AppConfig app_config_;
  const BudgetConfig& budget_;
  const Take take_;
  const Hear hear_;
  StreamEngine stream_;
  AppLayer app_;
  // For those that call back:
  const Look* look_ = nullptr;
  Followed* followed_ = nullptr;
  uint8_t client_side_ = 0;  // of the flow itself
  MidwayCounters counters_;
};

}  // namespace lapwing
