// EventSink: takes what dissectors say, through Out. Implemented once, in sensor/app.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sensor/event/event.h"
#include "sensor/event/expectation.h"

namespace lapwing {

class EventSink {
 public:
  virtual ~EventSink() = default;
  /// A transaction advanced, or a record of it is due.
  virtual void emit(const Event& event) = 0;
  /// The traffic breaks its protocol; `name`: its number in kAnomalyRows.
  virtual void anomaly(const Protocol& protocol, const Transaction& tx, uint8_t name, Direction direction) = 0;
  /// The last `bytes` of a file came, or none but `over`: nothing more will. Called for every file, at least when it is
  /// over and before its record.
  virtual void file(const Event& event, CarriedFile& file, Bytes bytes, bool over) = 0;
  /// From the next byte on the flow speaks another protocol (CONNECT, upgrade, STARTTLS), whose dissector is handed
  /// `context`. `name` empty: found by its first bytes.
  virtual void become(std::string_view name, std::shared_ptr<const Context> context) = 0;
  /// Whether the flow may become that protocol: there is one, and it is not off.
  virtual bool knows(std::string_view protocol) const = 0;
  /// The flow goes on under another name, as one of the protocol's own.
  virtual void rename(std::string_view name) = 0;
  /// What this side left unread is offered once more behind this call: the other told how it is to be read.
  virtual void resume(Direction direction) = 0;
  virtual void expect(const Expectation& expectation) = 0;
  /// From `offset` of this direction's stream on, and in the other direction from now on, the flow is encrypted: raw
  /// payload says nothing more. May be called again.
  virtual void encrypted(Direction direction, uint64_t offset) = 0;
  /// From `offset` of this direction's stream on, and in the other direction from now on, it is not encrypted after
  /// all.
  virtual void plain(Direction direction, uint64_t offset) = 0;
  /// The flow was under way when it was first seen: its first bytes may be the middle of anything.
  virtual bool picked_up_late() const = 0;
  /// A frame, by its index in Protocol::frames: `length` bytes from `offset` of this direction's stream, or of the
  /// datagram, which are at hand or still to come. With kOpenLength it lasts until end_frame. `tx` may be null; it
  /// lives as long as the frame.
  virtual void frame(uint8_t kind, Direction direction, uint64_t offset, uint64_t length, Transaction* tx) = 0;
  /// The latest open frame of that kind and transaction ends before `end`.
  virtual void end_frame(uint8_t kind, Direction direction, uint64_t end, const Transaction* tx) = 0;
  /// Asks for leave to look at so many bytes beside those just offered: what was decompressed, or is looked at again.
  /// False when the flow has cost all that its bytes pay for: return Step::fail().
  virtual bool work(uint64_t bytes) = 0;
  /// Something went beyond a row of kCapRows, which `cap` numbers.
  virtual void capped(const Protocol& protocol, uint8_t cap, uint64_t count) = 0;
};

}  // namespace lapwing
