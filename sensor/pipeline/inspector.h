// Inspector: what a packet means to its flow.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sensor/app/app_layer.h"
#include "sensor/flow/flow_table.h"
#include "sensor/pipeline/flow_watch.h"
#include "sensor/pipeline/handover.h"
#include "sensor/pipeline/identification.h"
#include "sensor/pipeline/look.h"
#include "sensor/pipeline/memory_guard.h"
#include "sensor/pipeline/reporter.h"
#include "sensor/pipeline/stations.h"
#include "sensor/pipeline/worker_share.h"
#include "sensor/stream/stream_engine.h"
#include "signatures/match/matcher.h"

namespace lapwing {

/// [W] Asks stream engine and dissectors what was said, and rules what that means; the reporter writes down what comes
/// of it. One look at a time: what engine and dissectors call back with belongs to it.
class Inspector final : private StreamSink, private AppSink {
 public:
  Inspector(const WorkerShare& share, size_t index, const Origin& origin, FlowTable& flows, MemoryGuard& guard);

  /// A packet of the flow, or of none.
  void packet(const Packet& packet, Flow* flow, Direction direction);
  /// The flow is over. `number`: of the last frame before.
  void close(Flow& flow, Timestamp now, uint64_t number);
  /// Between packets: where dissection keeps more than its cap, flows give up what it keeps of them.
  void relieve(Timestamp now, uint64_t number) {
    while (Flow* flow = app_.over_memcap()) give_up(*flow, now, number);
  }
  /// The clock has come to this second; nothing more comes.
  void advance(int64_t second) {
    if (watch_) watch_->advance(second);
  }
  void finish();
  /// As Identifier::backlog.
  void backlog(double share) { identification_.backlog(share); }

  /// Safe from any thread.
  std::unique_ptr<RuleHandover> prepare(std::shared_ptr<const RuleSet> rules) const;
  /// Between bursts: takes the rules handed over, and leaves there what is in use.
  void exchange(RuleHandover& handover);

  Reporter& reporter() { return reporter_; }
  const Reporter& reporter() const { return reporter_; }
  void add_counters(CounterSet& set) const;

 private:
  template <class Step>
  void during(Look& look, Step step);
  void drop(const Look& look);
  void at_packet(Look& look);
  void at_close(Look& look);
  void give_up(Flow& flow, Timestamp now, uint64_t number);
  void follow(Look& look);
  void dissect(Look& look);
  void bypass(const Look& look);
  void swap_direction(Look& look);
  void see(Look& look) const;
  void see_anew(Look& look) const;
  void report_decode(const Look& look);
  /// False of most packets: no packet dissector is about them.
  bool recorded(const Packet& packet) const {
    return packet.ip_version == 0 || recorded_protos_[packet.proto] || recorded_ports_[packet.src_port] ||
           recorded_ports_[packet.dst_port];
  }
  void record_packet(const Look& look);
  std::vector<Wanted> wanted(const RuleSet& rules) const;

  // StreamSink
  void chunk(Flow& flow, const Chunk& chunk) override;
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override;
  void behind_hole(Flow& flow, const Chunk& chunk, uint64_t missing) override;
  void event(Flow& flow, StreamAnomaly anomaly) override;
  uint64_t depth(const Flow& flow, uint64_t configured) const override;
  // AppSink
  void event(Flow& flow, const Event& event) override;
  void anomaly(Flow& flow, const Protocol& protocol, const Transaction& tx, uint8_t name, Direction direction) override;
  void file(Flow& flow, const Event& event, CarriedFile& file, Bytes bytes, bool over) override;
  void encrypted(Flow& flow, Direction direction, uint64_t offset) override;
  void plain(Flow& flow, const Chunk& bytes) override;
  void recognition_anomaly(Flow& flow, RecognitionAnomaly anomaly, Direction direction) override;
  void frame(Flow& flow, const MessageFrame& frame) override;

  const SensorConfig& config_;
  FlowTable& flows_;
  MemoryGuard& guard_;
  StreamEngine stream_;
  AppLayer app_;
  Identification identification_;
  Stations stations_;
  Reporter reporter_;
  Matcher matcher_;
  bool has_rules_;
  const size_t index_;
  analytics::Analyst* const analyst_;  // where behaviour is judged, with the next two
  std::unique_ptr<analytics::Observer> observer_;
  std::unique_ptr<FlowWatch> watch_;
  struct Recorded {
    const PacketDissectorRow* row;
    RecordPlans plans;
  };
  std::vector<Recorded> packets_;      // without flow, of which records are wanted
  std::bitset<256> recorded_protos_;   // of IP, that any of them is about on every port
  std::bitset<65536> recorded_ports_;  // that any is about, whatever the protocol
  ExceptionCounters exceptions_;
  Look* look_ = nullptr;                     // for those that call back
  std::vector<std::string_view> anomalies_;  // of the look, as rules may ask for them: of its stream and recognition
};

}  // namespace lapwing
