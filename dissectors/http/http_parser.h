// HTTP/1 by libhtp: bytes of a connection in, callbacks out, the same whatever way the bytes were cut.
#pragma once

#include <htp/htp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dissectors/http/http_framer.h"
#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing::http {

inline Bytes view(const bstr* text) {
  return text ? Bytes{bstr_ptr(text), bstr_len(text)} : Bytes{};
}

/// What the parser tells while it runs. Transactions are libhtp's, valid until Parser::forget.
class ParserEvents {
 public:
  virtual ~ParserEvents() = default;
  /// False: too many transactions are open already.
  virtual bool request_start(htp_tx_t* tx) = 0;
  virtual void request_line(htp_tx_t* tx) = 0;
  virtual void request_headers(htp_tx_t* tx) = 0;
  virtual void response_start(htp_tx_t* tx) = 0;
  virtual void response_line(htp_tx_t* tx) = 0;
  virtual void response_headers(htp_tx_t* tx) = 0;
  virtual void raw_headers(htp_tx_t* tx, Direction direction, Bytes bytes) = 0;
  /// Decoded bytes of the body, or `lost` bytes of it that never came.
  virtual void body(htp_tx_t* tx, Direction direction, Bytes bytes, uint64_t lost) = 0;
  virtual void complete(htp_tx_t* tx, Direction direction) = 0;
  /// A message of libhtp or one of Parser's own; `tx` may be null.
  virtual void log(htp_tx_t* tx, Direction direction, std::string_view message) = 0;
  /// A line or the headers of one message grew beyond what is kept.
  virtual void too_long(Direction direction) = 0;
  /// The transaction whose response comes next, or null when none is waited for.
  virtual htp_tx_t* awaiting() const = 0;
};

/// [W] One per flow; does not move.
class Parser {
 public:
  /// libhtp keeps its messages as long as the connection; a flow that causes more is given up.
  static constexpr uint32_t kMaxMessages = 512;
  static constexpr size_t kHeadersLimit = Framer::kHeadersLimit;
  // Messages of our own beside libhtp's.
  static constexpr std::string_view kTooManyMessages = "Too many messages";
  static constexpr std::string_view kDoubleEncoded = "Double encoded URI";
  static constexpr std::string_view kBadRequestChunk = "Request chunk encoding: Invalid chunk length";
  static constexpr std::string_view kBadResponseChunk = "Response chunk encoding: Invalid chunk length";
  static constexpr std::string_view kExcess = "Unable to match response to request";

  /// failed: nothing more can be made of this flow. waiting: `used` stops short until the other side has spoken.
  /// tunnel: stop() was called; `used` ends with the message that was at hand.
  enum class Status : uint8_t { ok, waiting, tunnel, failed };
  struct Result {
    Status status = Status::ok;
    size_t used = 0;
  };

  Parser(htp_cfg_t* library, ParserEvents& events);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  static void register_callbacks(htp_cfg_t* cfg);
  static void double_encoded(htp_tx_t* tx);

  Result feed(Direction direction, Bytes bytes);
  Result gap(Direction direction, uint64_t lost);
  /// No more bytes come from this side; what was held back is parsed now.
  Result close(Direction direction);
  /// For callbacks: the bytes behind the message at hand belong to another protocol.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  /// Whose bytes are being parsed.
  Direction feeding() const { return feeding_; }
  /// The message at hand, or null between messages.
  htp_tx_t* current(Direction direction) const;
  /// Bytes and gaps of this side that libhtp is through with; within a callback, up to the piece at hand.
  uint64_t consumed(Direction direction) const { return sides_[index(direction)].consumed; }
  /// Size of the piece at hand; 0 outside of callbacks.
  size_t piece() const { return piece_; }
  /// Not from within a callback.
  void forget(htp_tx_t* tx) { htp_tx_destroy(tx); }

 private:
  struct Callbacks;
  struct Side {
    Framer framer;
    std::string held;          // bytes that libhtp must see together with what follows
    htp_tx_t* bare = nullptr;  // answered without status line: all that follows is its body
    uint64_t consumed = 0;
    bool closed = false;
    bool dead = false;  // what follows is not HTTP
  };
  struct Destroy {
    void operator()(htp_connp_t* connp) const { htp_connp_destroy_all(connp); }
  };

  Result feed_pieces(Direction direction, Bytes bytes, bool last);
  void bare_body(Side& side, Bytes bytes);
  Result give(Direction direction, Bytes piece);

  std::unique_ptr<htp_connp_t, Destroy> connp_;
  ParserEvents& events_;
  std::array<Side, 2> sides_;
  Direction feeding_ = Direction::to_server;
  uint32_t messages_ = 0;
  size_t piece_ = 0;
  bool stopped_ = false, failed_ = false;
};

}  // namespace lapwing::http
