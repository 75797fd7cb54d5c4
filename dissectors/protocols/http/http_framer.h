// Framer: where the bytes of one direction may be cut before libhtp sees them.
#pragma once

#include <htp/htp.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing::http {

/// What the framer must know of libhtp's side before it can cut.
struct ParserState {
  Direction direction = Direction::to_server;
  const htp_tx_t* tx = nullptr;  // the message at hand, or null between messages
  htp_tx_t* owner = nullptr;     // whose message the next bytes are: `tx`, or the one whose response comes next
  bool last = false;             // no bytes follow
  bool open = false;             // a request without a length is over: lines that begin none are its body
  bool body = false;             // such lines came
};

/// `take` bytes go to libhtp now; 0: more must come first. `skip`: they are dropped. `excess`: they and all behind
/// them belong to no message. `bare`: they and all behind them are the body of this transaction's response.
struct Cut {
  size_t take = 0;
  bool refused = false;   // a message that grows beyond all measure
  bool too_long = false;  // a longer line than servers take; told once a message
  bool skip = false, excess = false;
  htp_tx_t* bare = nullptr;
  size_t field = 0;     // bytes of `take` that are one header, of a request one line of it; behind them is what ends it
  bool behind = false;  // the body of the request before, whose length nothing told
  bool headers_follow = false;  // behind a request line without protocol
  bool bad_chunk = false;       // where a chunk's length must be there is none; libhtp does not always say so
};

/// libhtp looks ahead within the bytes of one call (a missing protocol, a response without status line, a chunk
/// length), so its findings depend on how TCP cut the stream. The framer cuts at places that only the content decides:
/// at line ends, and never across the end of a message. Bytes that wait for more are offered again with it, and not
/// looked at again.
class Framer {
 public:
  /// A longer line is told: most servers refuse it, but browsers, curl and some servers take 64 KB and more.
  static constexpr size_t kLineLimit = 18000;
  /// Bytes of line and headers of one message; more are refused. Chrome takes as many, curl 300 KB.
  static constexpr size_t kHeadersLimit = 256 * 1024;
  /// Bytes in place of a status line, or of a chunk length, that are kept waiting for a real one.
  static constexpr size_t kJunkLimit = 16 * 1024;

  Cut cut(Bytes bytes, const ParserState& state);
  /// `piece` went to libhtp, which was at message `before` and is now at `after`.
  void advance(Bytes piece, const htp_tx_t* before, const htp_tx_t* after, Direction direction);
  /// Bytes that may be missing at this place without losing the framing.
  uint64_t gap_allowed(const htp_tx_t* tx, Direction direction) const;
  bool in_body() const { return in_body_; }
  bool in_chunk() const { return chunk_ == Chunk::data; }
  void advance_gap(uint64_t lost, bool same_message);
  /// Bytes were lost between two messages: what follows may start within one.
  void resynchronise() { resync_ = true; }
  /// True when a whole request line without protocol waits: lines may follow, or nothing.
  bool holds_bare_request() const { return bare_request_; }

 private:
  enum class Chunk : uint8_t { none, length, data, data_end };
  static constexpr uint64_t kEndless = std::numeric_limits<uint64_t>::max();

  /// How far the bytes that wait have been looked at.
  struct Looked {
    size_t line = 0;         // where the line at hand begins
    size_t seen = 0;         // no line feed lies between there and here
    bool in_header = false;  // of a response: its status line was found, or is behind
  };

  Cut cut_at(Bytes bytes, const ParserState& state);
  Cut cut_line(Bytes bytes, const ParserState& state);
  Cut cut_request_start(Bytes bytes, const ParserState& state);
  bool cut_behind(Cut& cut, std::string_view text, const ParserState& state);
  Cut cut_response_start(Bytes bytes, const ParserState& state);
  Cut cut_body(Bytes bytes, const ParserState& state);
  size_t line_feed(std::string_view text);
  void cut_response_field(Cut& cut, std::string_view text, bool last);
  void measure(Cut& cut, size_t size);
  uint64_t body_left(const htp_tx_t& tx, Direction direction) const;
  void advance_chunk(Bytes piece);

  Looked looked_;
  size_t line_ = 0;     // bytes of the unfinished line
  size_t headers_ = 0;  // bytes of this message's line and headers
  uint64_t body_ = 0;   // bytes of the body data so far
  uint64_t chunk_left_ = 0;
  Chunk chunk_ = Chunk::none;
  std::optional<char> ahead_;  // of the body, what libhtp saw with the end of the headers
  bool resync_ = false;
  bool in_body_ = false;
  bool unframed_ = false;  // announced as chunks, but is none
  bool bare_request_ = false;
  bool told_ = false;  // that a line of this message is too long
};

}  // namespace lapwing::http
