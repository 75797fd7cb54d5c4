// MatchContext: what a matcher is told of the packet at hand, and AlertSink: who takes what it found.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/decode/packet.h"
#include "sensor/event/alert.h"
#include "sensor/event/event.h"
#include "sensor/event/recognition.h"
#include "sensor/flow/budget.h"
#include "signatures/program/match_counters.h"

namespace lapwing {

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

}  // namespace lapwing
