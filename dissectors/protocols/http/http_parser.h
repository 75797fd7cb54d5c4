// HTTP/1 by libhtp: bytes of a connection in, callbacks out, the same whatever way the bytes were cut.
#pragma once

#include <htp/htp.h>

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/protocols/http/http_framer.h"
#include "dissectors/protocols/http/http_headers.h"
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
  virtual void request_start(htp_tx_t* tx) = 0;
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
  /// A line grew longer than servers take.
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
  static constexpr std::string_view kRequestRepetitions = "Excessive request header repetitions";
  static constexpr std::string_view kResponseRepetitions = "Excessive response header repetitions";
  static constexpr std::string_view kContinueSeen = "Already seen 100-Continue";
  static constexpr std::string_view kDoubleEncoded = "Double encoded URI";
  static constexpr std::string_view kBadRequestChunk = "Request chunk encoding: Invalid chunk length";
  static constexpr std::string_view kBadResponseChunk = "Response chunk encoding: Invalid chunk length";
  static constexpr std::string_view kExcess = "Unable to match response to request";
  static constexpr std::string_view kAmbiguousLength = "Ambiguous response C-L value";
  static constexpr std::string_view kInvalidLength = "Invalid C-L field in response";
  static constexpr std::string_view kInvalidRequestLength = "Invalid C-L field in request";
  static constexpr std::string_view kMissingProtocol = "Request line: missing protocol";
  static constexpr std::string_view kUnexpectedBody = "Unexpected request body";
  static constexpr std::string_view kTooManyRequestHeaders = "Too many request headers";
  static constexpr std::string_view kTooManyResponseHeaders = "Too many response headers";
  /// The status behind whose headers another protocol is spoken, whatever length they tell (RFC 9112 6.3).
  static constexpr int kSwitchingProtocols = 101;
  /// Headers that frame a message and come behind more than are kept.
  static constexpr uint64_t kFramingHeaders = 8;

  /// failed: nothing more can be made of this flow. waiting: `used` stops short until the other side has spoken.
  /// tunnel: stop() was called; `used` ends with the message that was at hand.
  enum class Status : uint8_t { ok, waiting, tunnel, failed };
  struct Result {
    Status status = Status::ok;
    size_t used = 0;
  };

  Parser(htp_cfg_t* library, uint64_t headers_limit, ParserEvents& events);
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
  /// Throws on what a callback threw, such as std::bad_alloc.
  void throw_on();
  /// For callbacks: the flow is followed no further.
  void abandon() { failed_ = true; }
  /// Whose bytes are being parsed.
  Direction feeding() const { return feeding_; }
  /// The message at hand, or null between messages.
  htp_tx_t* current(Direction direction) const;
  /// libhtp still is at this transaction.
  bool at(const htp_tx_t* tx) const;
  /// Bytes and gaps of this side that libhtp is through with; within a callback, up to the piece at hand.
  uint64_t consumed(Direction direction) const { return sides_[index(direction)].consumed; }
  /// Where the message of this side that is told to be complete ends, as `consumed` counts.
  uint64_t end_of_message(Direction direction) const {
    const HalfFlow& side = sides_[index(direction)];
    return side.open ? side.open_end : side.consumed + piece_;
  }
  /// Not from within a callback. `tx` is complete in both directions, and nobody's message at hand.
  void forget(htp_tx_t* tx);
  /// Not from within a callback: `tx` will not be answered.
  void discard(htp_tx_t* tx);
  /// A request that is over: only what libhtp needs for its response is kept.
  static void shrink(htp_tx_t* tx);
  /// No more is made of this side.
  void leave(Direction direction) { sides_[index(direction)].dead = true; }

 private:
  struct Callbacks;
  /// What the headers of the message at hand say of its length. Of several lengths of a response Python takes the
  /// first, curl the last, and of one that is no number each takes something else: such a response is followed to the
  /// end.
  struct Head {
    uint64_t lengths = 0;  // seen behind the first headers
    std::optional<uint64_t> length;
    std::string odd_length;  // libhtp does not see it before the headers are over: it would give up
    bool ambiguous = false, told = false;
  };
  struct HalfFlow {
    Framer framer;
    std::string held;             // bytes that libhtp must see together with what follows
    htp_tx_t* bare = nullptr;     // all that follows is its body
    htp_tx_t* open = nullptr;     // a request that is over but for a body whose length nothing tells
    uint64_t open_end = 0;        // where that ends so far
    bool open_body = false;       // some of it came
    bool late = false;            // it was told to be complete, since such requests have none
    bool headers_follow = false;  // behind the request line at hand, which names no protocol
    bool tunnels = false;         // what follows waits for the answer to a CONNECT
    uint64_t consumed = 0;
    Head head;
    HeaderTable headers;
    bool closed = false;
    bool orphaned = false;  // what follows belongs to the response that libhtp took for complete
    bool dead = false;      // what follows is not HTTP
  };
  struct Destroy {
    void operator()(htp_connp_t* connp) const;
  };

  Result feed_pieces(Direction direction, Bytes bytes, bool last);
  ParserState state(Direction direction, bool last) const;
  bool withhold(HalfFlow& side, htp_tx_t* tx, Direction direction, Bytes field);
  bool fits(Head& head, htp_tx_t* tx, Direction direction, std::string_view value);
  void follow_to_end(HalfFlow& side, htp_tx_t& tx, Bytes bytes);
  void follow_orphan(HalfFlow& side, Bytes bytes);
  void bare_body(HalfFlow& side, Bytes bytes);
  static void forget_freed_user(htp_tx_t* tx);
  void open_body(HalfFlow& side, Bytes bytes);
  void end_open();
  void begin_answer(const htp_tx_t* tx);
  Result fill(Direction direction, uint64_t lost);
  void end_response();
  Result give(Direction direction, Bytes piece);
  void caught();

  std::unique_ptr<htp_connp_t, Destroy> connp_;
  const uint64_t headers_limit_;
  ParserEvents& events_;
  std::array<HalfFlow, 2> sides_;
  Direction feeding_ = Direction::to_server;
  uint32_t messages_ = 0;
  size_t piece_ = 0;
  bool stopped_ = false, failed_ = false;
  bool switching_ = false;     // the headers of an answer with kSwitchingProtocols are over
  bool filling_ = false;       // the bytes at hand stand for lost ones
  std::exception_ptr thrown_;  // by a callback
};

}  // namespace lapwing::http
