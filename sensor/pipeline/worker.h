// Worker: the loop of one core, from frames to records.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "export/eve/recorder.h"
#include "export/outputs/publisher.h"
#include "export/record/community_id.h"
#include "sensor/app/app_layer.h"
#include "sensor/capture/packet_source.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/pipeline/counter_board.h"
#include "sensor/pipeline/describe.h"
#include "sensor/pipeline/file_keeper.h"
#include "sensor/pipeline/handover.h"
#include "sensor/pipeline/identification.h"
#include "sensor/pipeline/memory_guard.h"
#include "sensor/pipeline/stations.h"
#include "sensor/pipeline/worker_share.h"
#include "sensor/stream/defrag.h"
#include "sensor/stream/stream_engine.h"
#include "signatures/match/matcher.h"

namespace lapwing {

class Worker final : private StreamSink, private AppSink, private AlertSink {
 public:
  Worker(size_t index, PacketSource& source, const WorkerShare& share);
  ~Worker() override;

  /// Runs until the source ends, by itself or by its stop(), then ends every flow. Called on the worker's own thread.
  void run();

  /// What taking these rules needs, and its offer: the worker takes it before its next burst. Safe from one other
  /// thread, which keeps the handover alive until given_back(). A worker that has ended takes nothing.
  std::unique_ptr<RuleHandover> prepare(std::shared_ptr<const RuleSet> rules) const;
  void offer(RuleHandover& handover) { slot_.offer(handover); }
  bool given_back() { return slot_.back(); }

  const CounterBoard& counters() const { return board_; }
  std::span<const uint64_t> records_written() const { return recorder_.written(); }
  const std::vector<SignatureHits>& signature_hits() const { return hits_; }
  Timestamp last_time() const { return now_; }
  double progress() const { return progress_.load(std::memory_order_relaxed); }
  uint64_t flows() const { return flows_.counters().total; }

 private:
  /// While it lives, what is recorded is charged to the flow.
  class Charge {
   public:
    Charge(const Recorder& recorder, Flow& flow) : recorder_(recorder), flow_(flow), before_(recorder.waiting()) {}
    ~Charge() { recorded(flow_, recorder_.waiting() - before_); }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

   private:
    const Recorder& recorder_;
    Flow& flow_;
    const size_t before_;
  };

  template <class Step>
  void spare_process(Step step);
  void drop_flow();
  void process(std::span<const Frame> frames);
  void expire();
  bool expire_idle();
  size_t process_group(std::span<const Frame> frames);
  FlowTable::Lookup look(const Packet& packet) const;
  void take(Packet& packet, const FlowTable::Lookup& lookup);
  void judge(Packet& packet);
  void follow(const Packet& packet, const FlowTable::Lookup& lookup);
  bool mine(const Packet& packet) const { return !divided_ || falls_to_me(packet); }
  bool falls_to_me(const Packet& packet) const;
  void inspect(const Packet& packet, Flow* flow, Direction direction);
  void bypass(Flow& flow);
  void inspect_tcp(const Packet& packet, Flow& flow, Direction direction);
  void inspect_datagram(const Packet& packet, Flow& flow, Direction direction);
  void report_decode_events(const Packet& packet, Flow* flow);
  bool may_record(const Flow& flow);
  void begin_without_packet(Flow& flow, Timestamp now);
  void give_up(Flow& flow);
  void close(Flow& flow, Timestamp now);
  void swap_direction(Flow& flow, Timestamp time);
  void see(const Flow& flow);
  void see_anew(const Flow& flow);
  Envelope flow_envelope(const Flow& flow);
  Envelope found_envelope(const Flow& flow);
  void add_flow(const Flow& flow, Envelope& envelope);
  void add_variables(const Flow& flow, Envelope& envelope);
  void add_source(Envelope& envelope) const;
  void publish();
  void tell_unknown();
  std::string_view community_id(const Flow& flow);
  void take_rules(RuleHandover& handover);
  /// What rules and records want of each protocol's frames, as AppLayer::want_frames takes it.
  std::vector<uint32_t> frames_wanted(const RuleSet& rules) const;
  void add_counters(CounterSet& set) const;

  // StreamSink
  void chunk(Flow& flow, const Chunk& chunk) override;
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override;
  void behind_hole(Flow& flow, const Chunk& chunk, uint64_t missing) override;
  void event(Flow& flow, StreamAnomaly event) override;
  // AppSink
  void event(Flow& flow, const Event& event) override;
  void anomaly(Flow& flow, const Protocol& protocol, const Transaction* tx, uint8_t name, Direction direction) override;
  void file(Flow& flow, Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over) override;
  void encrypted(Flow& flow, Direction direction, uint64_t offset) override;
  void plain(Flow& flow, const Chunk& bytes) override;
  void recognition_anomaly(Flow& flow, RecognitionAnomaly event, Direction direction) override;
  void frame(Flow& flow, const MessageFrame& frame) override;
  // AlertSink
  void alert(const MatchContext& context, Alert& alert) override;
  void raised(const RuleInfo& rule) override;
  bool shows_payload() const override { return recorder_.shows_payload(); }
  PacketBytes shown(const Packet& packet) const override { return bytes_of(packet); }
  void serialise(const Event& event, std::string& json, std::string& forwarded) override;
  void serialise(const MessageFrame& frame, std::string& json) override;
  void tagged(const MatchContext& context) override;
  void captured(const MatchContext& context) override;

  const size_t index_;
  const bool divided_;  // the workers of a replay read the same frames, and each takes the flows that fall to it
  PacketSource& source_;
  WorkerShare share_;
  Decoder decoder_;
  Defragmenter defrag_;
  FlowTable flows_;
  StreamEngine stream_;
  AppLayer app_;
  Identification identification_;
  Matcher matcher_;
  Recorder recorder_;
  FileKeeper files_;
  Stations stations_;
  CommunityId community_id_;

  static constexpr size_t kBatchBytes = 32 << 10;  // of records: handed over without waiting for the burst to end
  // Live, ends of flows at a time. All that are due in a second come up at once, and what their records cost must not
  // fill the ring: few while it is fuller than kCalm, unless they have waited for kLate seconds.
  static constexpr size_t kEnds = kBurst, kFewEnds = kBurst / 8;
  static constexpr double kCalm = 1.0 / 8;
  static constexpr int64_t kLate = 10;
  static constexpr size_t kGroup = 16;  // packets decoded before the first of them is looked into
  static constexpr size_t kLayers = kMaxTunnel + 1;
  std::array<Packet, kGroup + kLayers> packets_;  // of the frames at hand, the layers of each outermost first
  std::array<FlowTable::Lookup, kGroup + kLayers> lookups_;
  std::array<Packet, kLayers> reassembled_;  // layers of what the defragmenter put together
  EnvelopeSpace space_, summary_space_;
  MatchContext context_;
  std::vector<std::string_view> stream_events_;  // of the packet at hand, and of protocol detection
  Recognition recognition_;
  std::vector<SignatureHits> hits_;
  WorkerCounters worked_;
  MemoryGuard guard_;
  ExceptionCounters exceptions_;
  Timestamp now_;
  int64_t expired_to_ = INT64_MIN;  // in replay: the second of packet time up to which flows were ended
  uint64_t last_number_ = 0;
  size_t told_unknown_ = 0;
  uint64_t dropped_frame_ = UINT64_MAX;  // whose destination drops a packet around the one at hand
  std::string_view file_;
  bool has_rules_ = false;

  HandoverSlot slot_;
  CounterBoard board_;
  std::atomic<double> progress_ = 0;
};

}  // namespace lapwing
