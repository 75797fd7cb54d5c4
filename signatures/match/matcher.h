// Matcher: packets, chunks and events of one worker in, alerts out.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "sensor/decode/packet.h"
#include "sensor/event/alert.h"
#include "sensor/event/chunk.h"
#include "sensor/event/event.h"
#include "sensor/event/recognition.h"
#include "sensor/flow/budget.h"
#include "signatures/program/match_counters.h"
#include "signatures/program/rule_set.h"

namespace lapwing {

class Tracer;

/// What the matcher must know of the packet at hand; the same object serves all calls that one packet causes.
/// At a flow's end without a packet, `packet` is null.
struct MatchContext {
  const Packet* packet = nullptr;
  Flow* flow = nullptr;                  // null for packets without a flow
  const BudgetConfig* budget = nullptr;  // what the flow may cost; null: anything
  Direction direction = Direction::to_server;
  Timestamp time;
  uint64_t number = 0;                              // frame number: the order of everything that crosses flows
  const Protocol* protocol = nullptr;               // detected, or null while unknown or failed
  const Recognition* recognition = nullptr;         // what each side of the flow speaks; null: of nothing
  bool established = false;                         // flow:established
  bool in_stream = false;                           // the packet's payload entered reassembly
  std::array<uint32_t, 2> stream_size = {};         // sequence numbers each side has used, by index(Direction)
  bool encrypted = false;                           // the flow was before this packet: its payload matches nothing
  std::span<const std::string_view> stream_events;  // raised by this packet, those of protocol detection too
};

/// Takes the alerts of a packet, thresholds applied, in order. Implemented in sensor/pipeline, which adds the envelope.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  /// What was found in a stream or transaction comes with a packet of the same direction, or at the flow's end.
  virtual void alert(const MatchContext& context, Alert& alert) = 0;
  /// An alert passed its thresholds; it is told now or later.
  virtual void raised(const RuleInfo&) {}
  /// What records show of the packet that an alert is told with.
  virtual PacketBytes shown(const Packet& packet) const = 0;
  /// Whether alerts shall have the bytes of their streams, whatever rules look at.
  virtual bool shows_payload() const { return false; }
  /// Called when a rule matched on a transaction, and when that got on before the alert is told: appends the
  /// transaction's JSON members to `json`, since it may be gone when the alert is delivered (Alert::app_layer).
  /// `forwarded` takes the request's header that names the client behind proxies (Alert::forwarded).
  virtual void serialise(const Event& event, std::string& json, std::string& forwarded) = 0;
  /// Appends the JSON member that shows the frame (Alert::frame).
  virtual void serialise(const MessageFrame& frame, std::string& json) = 0;
  /// Rules captured something for variables of the flow or packet, and none alerted. Without a packet: at the flow's
  /// end.
  virtual void captured(const MatchContext&) {}
  /// The packet at hand belongs to a flow or host that the tag keyword follows. Called after its alerts.
  virtual void tagged(const MatchContext& context) = 0;
};

/// State that crosses flows (thresholds, xbits, hostbits), shared by the workers of one process. `await` is called
/// before it is touched: in replay it waits until all workers have finished every frame before `number`, so that the
/// outcome does not depend on scheduling. Live it does nothing.
class SharedState {
 public:
  static std::shared_ptr<SharedState> create(std::function<void(uint64_t number)> await);
  virtual ~SharedState() = default;
};

/// What one matcher needs to work with a rule set, made where time does not matter [H].
class MatcherKit {
 public:
  virtual ~MatcherKit() = default;
};

/// The rule engine of one worker. Never throws; allocates nothing per packet in steady state.
/// Per packet the caller calls, in this order: begin; chunk, gap and event as the stream and the dissector bring them,
/// the events of a gap before it; packet; end. `end` sorts, thresholds and delivers the alerts.
class Matcher {
 public:
  Matcher(std::shared_ptr<const RuleSet> rules, std::shared_ptr<SharedState> shared, AlertSink& sink);
  ~Matcher();
  /// Whoever watches from now on, borrowed, or null for nobody. Call before the first packet.
  void trace(Tracer* tracer);
  /// Makes all that taking these rules needs memory for. Safe from any thread while the matcher lives.
  std::unique_ptr<MatcherKit> prepare(std::shared_ptr<const RuleSet> rules) const;
  /// Takes the rules of the kit, between bursts only: pointers change hands, nothing is allocated or freed. After that
  /// the kit holds what was in use before, to be destroyed where time does not matter.
  void exchange(MatcherKit& kit);
  /// Both at once.
  void adopt(std::shared_ptr<const RuleSet> rules);
  void begin(const MatchContext& context);
  /// New contiguous stream bytes, for rules over raw TCP payload. They are taken in parts that rules look at together;
  /// `dissect` is called with each part before they do, since it may turn out to be encrypted.
  template <class Dissect>
  void chunk(const MatchContext& context, const Chunk& chunk, Dissect dissect) {
    Chunk rest = chunk;
    do {
      Chunk part = rest;
      part.data = rest.data.first(take(context, rest));
      rest.data = rest.data.subspan(part.data.size());
      rest.offset += part.data.size();
      part.end = chunk.end && rest.data.empty();
      dissect(part);
      settle(context, part);
    } while (!rest.data.empty());
  }
  /// Raw rules look at the stream up to `offset`, and at the other direction's so far, for the last time.
  void encrypted(const MatchContext& context, Direction direction, uint64_t offset);
  /// `lost` bytes from `offset` on are missing.
  void gap(const MatchContext& context, Direction direction, uint64_t offset, uint64_t lost);
  /// A transaction advanced. A completed direction is also the boundary at which raw stream rules look.
  void event(const MatchContext& context, const Event& event);
  /// A frame, or the next piece of one.
  void frame(const MatchContext& context, const MessageFrame& frame);
  /// The packet's own headers and payload, decoder and stream events.
  void packet(const MatchContext& context);
  void end(const MatchContext& context);
  /// The flow is over: raw stream rules look at what is left. Call between begin and end.
  void finish(const MatchContext& context);
  /// Client and server of the flow changed places. Call before rules look at the packet itself.
  void swap_direction(Flow& flow);
  /// True when it is asked for the first time whether this rule alerted on the flow, for as many rules as are
  /// remembered: of each of them one alert is told, however little the flow may be recorded with.
  bool first_alert(Flow& flow, const RuleInfo& rule);
  /// Names of the flow's bits that are set, for records; valid until the next call.
  std::span<const std::string_view> flowbits(const Flow& flow);
  /// What rules captured into variables of the flow; of the packet at hand, until the next begin. Views are valid until
  /// the next call.
  std::span<const NamedText> flowvars(const Flow& flow);
  std::span<const NamedText> pktvars();
  /// Integers of the flow that rules set.
  std::span<const NamedNumber> flowints(const Flow& flow);
  /// Entropies of the flow's buffers that rules asked for, as numbers.
  std::span<const NamedText> entropies(const Flow& flow);
  const MatchCounters& counters() const;

 private:
  /// How many of the bytes rules look at together; at least one of those there are.
  size_t take(const MatchContext& context, const Chunk& chunk);
  void settle(const MatchContext& context, const Chunk& part);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
