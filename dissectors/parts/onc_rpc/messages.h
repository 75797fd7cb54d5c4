// Messages: calls and answers as they come over a stream or in datagrams.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "dissectors/contract/resync.h"
#include "dissectors/parts/onc_rpc/onc_rpc.h"

namespace lapwing::onc_rpc {

/// Tells a datagram that comes once more from others, which nobody can make up.
uint64_t digest(Bytes datagram);

/// Where a message lies in the stream, or in its datagram.
struct Span {
  uint64_t begin = 0;   // of its record mark
  uint64_t head = 0;    // bytes of mark and head
  uint64_t length = 0;  // with the mark; 0: it comes in fragments
  bool datagram = false;

  uint64_t mark() const { return datagram ? 0 : 4; }  // bytes
};

/// Who takes what Messages reads [W]. For each message call or reply is said, body as long as it lasts, and end.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual void call(const Call& head, const Span& span, Direction direction) = 0;
  virtual void reply(const Reply& head, const Span& span, Direction direction) = 0;
  struct Taken {
    size_t used = 0;       // of the bytes; the rest is offered again with what follows
    uint64_t missing = 0;  // so many more, at least, make it worth asking again; too_long(): it is passed over
  };
  /// Bytes of the body that follow those taken. `whole`: nothing more of it comes, and nothing is offered again.
  virtual Taken body(Bytes bytes, bool whole, Direction direction) = 0;
  /// So many bytes of the body never come. False: it cannot be followed any more.
  virtual bool lose(uint64_t count, Direction direction) = 0;
  /// `whole`: all of it came.
  virtual void end(bool whole, Direction direction) = 0;
  /// What is no message, or goes beyond a bound.
  enum class Fault : uint8_t { malformed, unit };
  virtual void fault(Fault fault, Direction direction) = 0;
  /// Whether the bytes are the beginning of a record, where others were lost: sure, more or no.
  virtual Likelihood begins(Bytes bytes, Direction direction) = 0;
  /// A record begins, or a datagram; of one that comes in fragments `end` says where it is over.
  virtual void record(const Span& span, Direction direction) = 0;
  virtual void record_over(uint64_t end, Direction direction) = 0;
  /// Asked of a client's datagrams and of the bytes at which its records begin: sure, the flow goes over to the
  /// protocol whose they are, and nothing of them is read; more, it cannot be told yet.
  virtual Likelihood goes_over(Bytes, bool /*datagram*/) { return Likelihood::no; }
};

/// [W] Both sides of a flow. Record marks are taken off (RFC 5531 11), heads are read, bodies are handed on as they
/// come; what of one cannot be read yet is kept, up to kUnit bytes.
class Messages {
 public:
  /// What cannot be read before it is whole: a field list, an entry of a directory, an operation. It is read anew with
  /// each segment, lest it depended on segments what is known when bytes are lost: this bounds the work.
  static constexpr size_t kUnit = 16 << 10;

  /// What of a body may be read as one.
  static Bytes unit(Bytes rest) { return rest.first(std::min(rest.size(), kUnit)); }
  /// So many bytes more would make it too long.
  static bool too_long(Bytes rest, uint64_t missing) { return unit(rest).size() + missing > kUnit; }

  explicit Messages(Carrier& carrier) : carrier_(carrier) {}
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  /// The flow may begin in the middle of a message.
  void begin_anywhere() {
    for (Side& side : sides_) side.resync.lose();
  }

 private:
  enum class Phase : uint8_t { head, body, over };
  struct Side {
    Resync resync;
    std::array<uint8_t, 4> mark = {};
    uint8_t mark_bytes = 0;  // of it that came
    bool within = false;     // a record has begun
    bool last = false;       // the fragment at hand is the record's last
    uint32_t left = 0;       // bytes of the fragment
    Phase phase = Phase::head;
    bool whole = true;  // nothing of the message was lost
    Span span;
    std::string kept;      // of the message, which could not be read yet
    size_t looked_at = 0;  // of them, in vain
    uint64_t wanted = 0;   // bytes of `kept` that make it worth trying again

    bool between_records() const { return !within && left == 0 && mark_bytes == 0; }
  };

  /// Reads a record mark, or a piece of the fragment behind it; returns what of the bytes.
  size_t step(Side& side, Bytes bytes, uint64_t offset, Direction direction);
  void take_mark(Side& side, uint64_t end, Direction direction);
  void piece(Side& side, Bytes bytes, bool whole, Direction direction);
  void read_kept(Side& side, bool whole, Direction direction);
  /// What is known does not depend on how much of it came at once.
  void catch_up(Side& side, Direction direction);
  /// Returns what was read of the bytes.
  size_t read(Side& side, Bytes bytes, bool whole, Direction direction);
  size_t head(Side& side, Bytes bytes, bool whole, Direction direction);
  void begin(Side& side, const Span& span, Direction direction);
  void lose(Side& side, Direction direction);
  void give_up(Side& side, Direction direction);
  void end(Side& side, Direction direction);

  Carrier& carrier_;
  std::array<Side, 2> sides_;  // by Direction
};

}  // namespace lapwing::onc_rpc
