// AppLayer: picks the dissector of a flow by its first bytes, and feeds it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sensor/app/app_config.h"
#include "sensor/app/app_memory.h"
#include "sensor/app/expectations.h"
#include "sensor/base/counters.h"
#include "sensor/event/event_sink.h"
#include "sensor/event/protocol_set.h"
#include "sensor/event/recognition.h"
#include "sensor/event/wanted.h"
#include "sensor/flow/budget.h"

namespace lapwing {

/// [W]
struct AppCounters {
  uint64_t detected = 0, failed = 0, changed = 0, parser_errors = 0;
  uint64_t detection_limit = 0;  // flows given up because kDetectionLimit bytes came without verdict
  uint64_t turned = 0;           // flows picked up late whose client and server changed places
  uint64_t buffer_limit = 0;     // directions given up because kBufferLimit bytes waited for one message
  uint64_t memcap = 0;           // flows given up because dissection kept more than app-layer.memcap
  uint64_t memuse = 0;           // bytes that it keeps
  uint64_t max_changes = 0;      // flows left because they changed their protocol too often
  uint64_t work_budget = 0;      // flows left because they cost more work than their bytes pay for
  uint64_t transactions = 0;
  uint64_t open_frames_max = 0;                              // frames that nobody saw because too many were open
  uint64_t expectations = 0, expected = 0;                   // flows announced by others, and those that came
  uint64_t expectations_pair_max = 0, expectations_max = 0;  // announcements given up
};
std::span<const CounterRow<AppCounters>> app_counter_rows();
/// What is counted of each protocol; `capped`: by row of kCapRows.
struct ProtocolCounters {
  uint64_t flows = 0, transactions = 0;
  std::vector<uint64_t> capped;

  explicit ProtocolCounters(const Protocol& protocol) : capped(kCapRows.size(protocol)) {}
  void add(const Protocol& protocol, CounterSet& set) const;
};

/// Takes the events of dissectors with the flow they belong to. Implemented in sensor/pipeline.
class AppSink {
 public:
  virtual ~AppSink() = default;
  virtual void event(Flow& flow, const Event& event) = 0;
  virtual void anomaly(Flow& flow, const Protocol& protocol, const Transaction& tx, uint8_t name,
                       Direction direction) = 0;
  virtual void file(Flow& flow, const Event& event, CarriedFile& file, Bytes bytes, bool over) = 0;
  virtual void encrypted(Flow& flow, Direction direction, uint64_t offset) = 0;
  /// The flow is not encrypted after all; `bytes`: what of it is at hand.
  virtual void plain(Flow& flow, const Chunk& bytes) = 0;
  /// `direction`: of the bytes that it is about, whatever packet brought the verdict.
  virtual void recognition_anomaly(Flow& flow, RecognitionAnomaly event, Direction direction) = 0;
  virtual void frame(Flow& flow, const MessageFrame& frame) = 0;
};

/// [W] One per worker; state of a flow hangs in FlowSlot::app.
class AppLayer final : private EventSink {
 public:
  /// Undecided bytes kept for each direction before recognition is given up.
  static constexpr size_t kProbeLimit = 4096;
  /// Changes of protocol that a flow may make: proxies behind proxies are few, and each that waits in the bytes at hand
  /// is looked at within the one before.
  static constexpr uint8_t kMaxChanges = 16;
  /// Bytes of one side after which no verdict on the other is waited for.
  static constexpr uint64_t kDetectionLimit = 100'000;
  /// Fewer bytes, by index(Direction), may still begin a protocol that is not dissected: no reason to call it none.
  static constexpr std::array<size_t, 2> kVerdictBytes = {17, 8};
  /// Datagrams of each direction looked at before recognition is given up, but on the port of a protocol.
  static constexpr uint8_t kProbeDatagrams = 8;
  /// Packets of a flow that has said nothing yet at which it may be one that another announced.
  static constexpr uint64_t kGreetings = 8;
  /// Bytes that may wait for the rest of one message.
  static constexpr size_t kBufferLimit = 1 << 20;

  AppLayer(const AppConfig& config, const BudgetConfig& budget, AppSink& sink);
  /// What the sink wants of each protocol of the configuration, exchanged for what was wanted before. Holds for flows
  /// whose protocol is found from now on.
  void want(std::vector<Wanted>& wanted) { wanted_.swap(wanted); }

  /// Whether flows are waited for that others announced.
  bool expecting() const { return !expectations_.empty(); }
  /// A flow begins: where another announced it, its protocol is known. To be called at its first kGreetings packets: a
  /// client that acknowledges late what it was told has begun the flow when the announcement counts.
  void greet(Flow& flow, Timestamp time);
  /// Stream bytes or one datagram, in order.
  void chunk(Flow& flow, const Chunk& chunk);
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time);
  /// The flow ends: dissectors publish what is half done.
  void finish(Flow& flow, Timestamp time);
  /// The flow that is to be given up next because all keep more than the cap, or null. To be asked between packets.
  Flow* over_memcap() {
    return memory_->held() > static_cast<int64_t>(config_.memcap) ? memory_->take_idle() : nullptr;
  }
  /// Publishes what is half done of it, and keeps no more than what its records say of its protocol.
  void give_up(Flow& flow);
  Recognition recognition(const Flow& flow) const;
  /// Of that, what the flow is dissected as.
  Spoken spoken(const Flow& flow) const;
  /// Whether what comes next is of a protocol that is known: not behind the answer by which one gave way to another.
  bool knows_next(const Flow& flow) const;
  /// Bytes of each direction that the flow's protocol is to be followed for, where its options say so.
  std::optional<uint64_t> stream_depth(const Flow& flow) const;
  uint64_t transactions(const Flow& flow) const;
  /// True once after a side was judged: to be asked with the packets of that direction.
  bool take_just_judged(const Flow& flow, Direction direction);
  /// True when the first bytes of a flow picked up late show that its client is its server: the caller swaps the flow
  /// and calls `swap_direction`.
  bool reversed(const Flow& flow) const;
  void swap_direction(Flow& flow, Timestamp time);
  /// True when nothing more of the flow will be dissected.
  bool done(const Flow& flow) const;
  AppCounters counters() const;
  /// Adds "app_layer.flow.<name>", "app_layer.tx.<name>" and a counter for each bound of each protocol.
  void add_protocol_counters(CounterSet& set) const;

 private:
  struct State;
  struct HalfFlow;
  struct OpenFrame;
  struct Frames;
  struct Origin;
  struct Claim;
  /// What the first bytes of a side say. `undecided`: more of them may say more.
  struct Verdict {
    const AppProtocol* protocol = nullptr;
    bool sure = false, undecided = false;
  };

  State& state_of(Flow& flow);
  // recognise.cc
  void recognise(Flow& flow, State& state, const Chunk& chunk);
  static bool missed_beginning(const Flow& flow, const State& state);
  void give_up(Flow& flow, State& state, const Chunk& chunk);
  size_t compare(Flow& flow, State& state, const Chunk& chunk);
  size_t decided_by(size_t less, const ProtocolSet& candidates, const Chunk& first, const Flow& flow,
                    const State& state) const;
  static bool is_none(const Verdict& verdict, const Chunk& first);
  void found(Flow& flow, State& state, const AppProtocol& protocol, const Chunk& first);
  Verdict probe(ProtocolSet& candidates, const Chunk& first, const Flow& flow, const AppProtocol* expected) const;
  const AppProtocol& strongest(const ProtocolSet& equals, const Chunk& first, const Flow& flow,
                               const AppProtocol* expected, bool sure) const;
  static size_t sufficient(const AppProtocol& protocol, const Chunk& first);
  /// The protocol of that name over one of the transports, or null.
  const AppProtocol* named(std::string_view name, uint8_t transports) const;
  /// The same over the transport of the flow at hand.
  const AppProtocol* named_alike(std::string_view name) const {
    return named(name, flow_->key.proto == ip_proto::udp ? transport::udp : transport::tcp);
  }
  ProtocolSet at_home(const Flow& flow) const;
  size_t number_of(const AppProtocol& protocol) const {
    return static_cast<size_t>(&protocol - config_.protocols.data());
  }
  bool runs_backwards(const Flow& flow, const State& state, const Chunk& first, const Verdict& verdict) const;
  void choose(Flow& flow, State& state, const AppProtocol& protocol, const Chunk& chunk);
  void create(State& state, const AppProtocol& protocol);
  void feed(Flow& flow, State& state, const Chunk& chunk);
  void dissect(Flow& flow, State& state, Chunk view);
  void offer_again(Flow& flow, State& state, Timestamp time);
  void report(Flow& flow, RecognitionAnomaly event, Direction direction);
  void fail(State& state);
  void end_detection(State& state);
  void leave(State& state, Direction direction);
  bool skip(Flow& flow, State& state, const Chunk& behind, uint64_t lost);
  void apply_change(Flow& flow, State& state, const Chunk& rest);

  // frames.cc
  /// What becomes of a frame at its last byte so far: more follows, it is over, or no more is to be had.
  enum class FrameEnd : uint8_t { open, complete, broken };
  void begin_frames(State& state, uint32_t wanted) const;
  void take_frame_bytes(Frames& frames, const Chunk& chunk);
  void settle_frames(Frames& frames, Direction direction, bool datagram);
  void settle_frames(Frames& frames, const Transaction& tx);
  static void part_frames(Frames& frames, const Transaction& tx);
  void break_frames(Frames& frames, Direction direction, uint64_t end, uint64_t lost);
  void end_frames(State& state);
  void show_frame(Frames& frames, Direction direction, OpenFrame& open, uint64_t to, FrameEnd end);
  void show_broken(Frames& frames, Direction direction, OpenFrame& open);
  void close_hole(Frames& frames, Direction direction);

  void emit(const Event& event) override;
  void anomaly(const Protocol& protocol, const Transaction& tx, uint8_t name, Direction direction) override;
  void file(const Event& event, CarriedFile& file, Bytes bytes, bool over) override;
  void become(std::string_view name, std::shared_ptr<const Context> context) override;
  bool knows(std::string_view protocol) const override { return named_alike(protocol) != nullptr; }
  void rename(std::string_view name) override;
  void resume(Direction direction) override { resume_ = direction; }
  void expect(const Expectation& expectation) override;
  void encrypted(Direction direction, uint64_t offset) override;
  void plain(Direction direction, uint64_t offset) override;
  bool picked_up_late() const override;
  void frame(uint8_t kind, Direction direction, uint64_t offset, uint64_t length, Transaction* tx) override;
  void end_frame(uint8_t kind, Direction direction, uint64_t end, const Transaction* tx) override;

  bool work(uint64_t bytes) override;
  void capped(const Protocol& protocol, uint8_t cap, uint64_t count) override;

  const AppConfig& config_;
  const BudgetConfig& budget_;
  AppSink& sink_;
  AppCounters counters_;
  Expectations expectations_;
  const std::shared_ptr<AppMemory> memory_ = std::make_shared<AppMemory>();
  std::vector<ProtocolCounters> by_protocol_;
  std::vector<Wanted> wanted_;  // by protocol

  // The call at hand: dissectors call back without knowing their flow.
  Flow* flow_ = nullptr;
  State* current_ = nullptr;
  const Chunk* offered_ = nullptr;
  bool change_ = false;
  std::string_view change_to_;  // a constant of the dissector
  std::optional<Direction> resume_;
  std::shared_ptr<const Context> handed_over_;
};

}  // namespace lapwing
