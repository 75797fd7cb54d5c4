// Framer: where the bytes of one direction may be cut before libhtp sees them.
#pragma once

#include <htp/htp.h>

#include <cstdint>
#include <limits>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing::http {

/// What the framer must know of libhtp's side before it can cut.
struct Place {
  Direction direction = Direction::to_server;
  const htp_tx_t* tx = nullptr;        // the message at hand, or null between messages
  const htp_tx_t* awaiting = nullptr;  // the transaction whose response comes next
  bool last = false;                   // no bytes follow
};

/// `take` bytes go to libhtp now; 0: more must come first. `skip`: they are dropped. `lost`: nothing behind them is
/// HTTP.
struct Cut {
  size_t take = 0;
  bool too_long = false, skip = false, lost = false;
  bool bad_chunk = false;  // where a chunk's length must be there is none; libhtp does not always say so
};

/// libhtp looks ahead within the bytes of one call (a missing protocol, a response without status line, a chunk
/// length, the head of a compressed body), so its findings depend on how TCP cut the stream. The framer cuts at
/// places that only the content decides: at line ends, and never across the end of a message.
class Framer {
 public:
  /// A longer line is refused, as are headers that take more in all.
  static constexpr size_t kLineLimit = 18000;
  static constexpr size_t kHeadersLimit = 256 * 1024;
  /// Compressed bodies are decoded in pieces of this size, so that a broken one always breaks at the same byte.
  static constexpr size_t kPiece = 4096;
  /// Bytes in place of a status line, or of a chunk length, that are kept waiting for a real one.
  static constexpr size_t kJunkLimit = 16 * 1024;

  Cut cut(Bytes bytes, const Place& place) const;
  /// `piece` went to libhtp, which was at message `before` and is now at `after`.
  void advance(Bytes piece, const htp_tx_t* before, const htp_tx_t* after, Direction direction);
  /// Bytes that may be missing at this place without losing the framing.
  uint64_t gap_allowed(const htp_tx_t* tx, Direction direction) const;
  bool in_body() const { return in_body_; }
  void advance_gap(uint64_t lost, bool same_message);
  /// Bytes were lost between two messages: what follows may start within one.
  void resynchronise() { resync_ = true; }
  /// True when `held` is a whole request line without protocol: headers may follow, or nothing.
  bool holds_bare_request(std::string_view held) const;

 private:
  enum class Chunk : uint8_t { none, length, data, data_end };
  static constexpr uint64_t kEndless = std::numeric_limits<uint64_t>::max();

  Cut cut_line(Bytes bytes, const Place& place) const;
  Cut cut_request_start(Bytes bytes, const Place& place) const;
  Cut cut_response_start(Bytes bytes, const Place& place) const;
  Cut cut_body(Bytes bytes, const Place& place) const;
  uint64_t body_left(const htp_tx_t& tx, Direction direction) const;
  void advance_chunk(Bytes piece);

  size_t line_ = 0;     // bytes of the unfinished line
  size_t headers_ = 0;  // bytes of this message's line and headers
  uint64_t body_ = 0;   // bytes of the body data so far
  uint64_t chunk_left_ = 0;
  Chunk chunk_ = Chunk::none;
  bool resync_ = false;
  bool in_body_ = false;
  bool unframed_ = false;  // announced as chunks, but is none
};

}  // namespace lapwing::http
