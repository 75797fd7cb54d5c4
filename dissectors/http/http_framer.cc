#include "dissectors/http/http_framer.h"

#include <algorithm>
#include <cctype>

#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view kSpaces = " \t\r\n\v\f";

bool blank(std::string_view line) {
  return line.find_first_not_of(kSpaces) == npos;
}

/// The end of the first header with all that libhtp must see to read it: lines that continue it, a CR that begins the
/// next line (servers end lines with LF CR too), the byte behind a line of one space, which may end the headers.
/// npos when that may still come. The empty line never waits.
size_t response_field_end(std::string_view text, bool last) {
  for (size_t end = 0;;) {
    size_t line_feed = text.find('\n', end);
    if (line_feed == npos) return last ? text.size() : npos;
    std::string_view line = text.substr(end, line_feed - end);
    end = line_feed + 1;
    if (line.find_first_not_of('\r') == npos) return end;
    if (end == text.size()) return last ? end : npos;
    if (line == " " || line == "\t") {
      if (text[end] != '\n') return end + 1;
      continue;
    }
    if (blank(line)) return end;
    if (std::string_view(" \t\r\0", 4).find(text[end]) == npos) return end;
  }
}

/// Method, URI and protocol are there; libhtp takes the last word for the protocol.
bool has_protocol(std::string_view line) {
  size_t words = 0;
  for (size_t at = 0; (at = line.find_first_not_of(kSpaces, at)) != npos && words < 3; ++words) {
    at = line.find_first_of(kSpaces, at);
    if (at == npos) return ++words >= 3;
  }
  return words >= 3;
}

/// What libhtp takes for a header behind a request line without protocol: a colon right behind the first word.
bool looks_like_header(std::string_view line) {
  size_t at = line.find_first_of(kSpaces.substr(0, 5));
  at = std::min(at, line.find(':'));
  if (at == npos) return false;
  at = line.find_first_not_of(" \t", at);
  return at != npos && line[at] == ':';
}

bool looks_like_status(std::string_view line) {
  size_t at = line.find_first_not_of(std::string_view(" \t\r\n\v\f\0", 7));
  return at != npos && equal_nocase(line.substr(at, 4), "HTTP");
}

uint8_t progress(const htp_tx_t& tx, Direction direction) {
  return static_cast<uint8_t>(direction == Direction::to_server ? int{tx.request_progress} : int{tx.response_progress});
}

bool reads_body(const htp_tx_t& tx, Direction direction) {
  static_assert(int{HTP_REQUEST_BODY} == int{HTP_RESPONSE_BODY});
  return progress(tx, direction) == HTP_REQUEST_BODY;
}

bool compressed(const htp_tx_t& tx, Direction direction) {
  int coding =
      direction == Direction::to_server ? tx.request_content_encoding : tx.response_content_encoding_processing;
  return coding > HTP_COMPRESSION_NONE;
}

}  // namespace

Cut Framer::cut(Bytes bytes, const Place& place) const {
  const bool request = place.direction == Direction::to_server;
  if (!place.tx || (request ? !place.tx->request_line : !place.tx->response_line)) {
    if (request) return cut_request_start(bytes, place);
    const htp_tx_t* tx = place.tx ? place.tx : place.awaiting;
    if (tx && tx->is_protocol_0_9) return {bytes.size()};
    if (!place.tx || !reads_body(*place.tx, place.direction)) return cut_response_start(bytes, place);
  }
  return reads_body(*place.tx, place.direction) ? cut_body(bytes, place) : cut_line(bytes, place);
}

Cut Framer::cut_line(Bytes bytes, const Place& place) const {
  std::string_view text = to_text(bytes);
  size_t take;
  if (place.direction == Direction::to_server) {
    size_t end = text.find('\n');
    take = end == npos ? text.size() : end + 1;
  } else {
    take = response_field_end(text, place.last);
    if (take == npos) return {0, text.size() > kLineLimit};
  }
  return {take, line_ + take > kLineLimit || headers_ + take > kHeadersLimit};
}

Cut Framer::cut_request_start(Bytes bytes, const Place& place) const {
  std::string_view text = to_text(bytes);
  size_t end = text.find('\n');
  if (end == npos) return {place.last ? text.size() : 0, text.size() > kLineLimit};
  std::string_view line = text.substr(0, end++);
  if (line.size() >= kLineLimit) return {0, true};
  if (blank(line)) return {end, false, place.tx == nullptr};
  if (resync_ && line.find(" HTTP/") == npos) return {end, false, true};
  if (has_protocol(line)) return {end};
  std::string_view next = text.substr(end);
  size_t next_end = next.find('\n');
  if (next_end == npos && !place.last && next.size() < kLineLimit) return {};
  next_end = next_end == npos ? next.size() : next_end + 1;
  return {looks_like_header(next.substr(0, next_end)) ? end + next_end : end};
}

bool Framer::holds_bare_request(std::string_view held) const {
  return !in_body_ && held.find('\n') != npos;
}

Cut Framer::cut_response_start(Bytes bytes, const Place& place) const {
  std::string_view text = to_text(bytes);
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find('\n', start);
    if (end == npos && !place.last) break;
    end = end == npos ? text.size() : end + 1;
    std::string_view line = text.substr(start, end - start);
    if (start == 0 && blank(line)) return {end, false, place.tx == nullptr};
    if (looks_like_status(line)) {
      if (resync_ && start > 0) return {start, false, true};
      size_t size = response_field_end(text.substr(start), place.last);
      return {size == npos ? 0 : start + size, line.size() > kLineLimit};
    }
    start = end;
  }
  const bool give_up = place.last || text.size() >= kJunkLimit;
  if (!give_up) return {};
  // Bytes that answer a request become its body, as a browser shows them. Others belong to nothing.
  if (resync_ && !place.awaiting) return {text.size(), false, true};
  const bool excess = !place.tx && !place.awaiting;
  return {text.size(), false, excess, true};
}

uint64_t Framer::body_left(const htp_tx_t& tx, Direction direction) const {
  if (chunk_ == Chunk::data) return chunk_left_;
  const bool request = direction == Direction::to_server;
  int64_t length = request ? tx.request_content_length : tx.response_content_length;
  int coding = request ? tx.request_transfer_coding : tx.response_transfer_coding;
  // A response whose chunks turned out to be none runs to the end of the stream, whatever its length claims.
  if (length < 0 || coding != HTP_CODING_IDENTITY || unframed_) return kEndless;
  // Not by the message's length in libhtp, which counts a line of junk before the status line too.
  const auto announced = static_cast<uint64_t>(length);
  return announced > body_ ? announced - body_ : kEndless;
}

Cut Framer::cut_body(Bytes bytes, const Place& place) const {
  std::string_view text = to_text(bytes);
  if (chunk_ == Chunk::length || chunk_ == Chunk::data_end) {
    size_t end = text.find('\n'), first = text.find_first_not_of(kSpaces);
    Cut cut;
    cut.bad_chunk = chunk_ == Chunk::length && first != npos && !std::isxdigit(static_cast<unsigned char>(text[first]));
    if (end != npos) {
      cut.take = end + 1;
      cut.too_long = end > kLineLimit;
    } else if (chunk_ == Chunk::data_end || place.last || text.size() >= kJunkLimit) {
      cut.take = text.size();
    }
    return cut;
  }
  uint64_t left = body_left(*place.tx, place.direction);
  size_t want = static_cast<size_t>(std::min<uint64_t>(left, text.size()));
  if (compressed(*place.tx, place.direction)) {
    want = static_cast<size_t>(std::min<uint64_t>(left, kPiece - body_ % kPiece));
    if (text.size() < want) return {place.last ? text.size() : 0};
  }
  return {want};
}

void Framer::advance(Bytes piece, const htp_tx_t* before, const htp_tx_t* after, Direction direction) {
  if (piece.empty()) return;
  resync_ = false;
  const bool was_in_body = in_body_;
  const bool same = before == after && after;
  in_body_ = after && reads_body(*after, direction);
  if (was_in_body && same && in_body_) {
    if (chunk_ == Chunk::none) {
      body_ += piece.size();
    } else {
      advance_chunk(piece);
      // libhtp found that these are no chunks and reads on to the end of the stream.
      bool request = direction == Direction::to_server;
      if ((request ? after->request_transfer_coding : after->response_transfer_coding) != HTP_CODING_CHUNKED) {
        chunk_ = Chunk::none;
        unframed_ = true;
      }
    }
    return;
  }
  if (in_body_ && !was_in_body) {
    const bool request = direction == Direction::to_server;
    bool chunked = (request ? after->request_transfer_coding : after->response_transfer_coding) == HTP_CODING_CHUNKED;
    *this = {};
    in_body_ = true;
    chunk_ = chunked ? Chunk::length : Chunk::none;
    return;
  }
  if (!after || (!same && before)) {
    *this = {};
    return;
  }
  chunk_ = Chunk::none;
  const size_t last_line = to_text(piece).rfind('\n');
  line_ = last_line == npos ? line_ + piece.size() : piece.size() - last_line - 1;
  headers_ += piece.size();
}

void Framer::advance_chunk(Bytes piece) {
  switch (chunk_) {
    case Chunk::length: {
      std::string_view text = to_text(piece);
      size_t at = text.find_first_not_of(kSpaces);
      if (at == npos) return;  // an empty line: libhtp waits for the next
      uint64_t value = 0;
      for (; at < text.size() && value <= INT32_MAX; ++at) {
        uint8_t c = lower(static_cast<uint8_t>(text[at]));
        if (c >= '0' && c <= '9') {
          value = value * 16 + (c - '0');
        } else if (c >= 'a' && c <= 'f') {
          value = value * 16 + (c - 'a' + 10);
        } else {
          break;
        }
      }
      chunk_left_ = value;
      chunk_ = value ? Chunk::data : Chunk::none;
      return;
    }
    case Chunk::data:
      body_ += piece.size();
      chunk_left_ -= std::min<uint64_t>(chunk_left_, piece.size());
      if (chunk_left_ == 0) chunk_ = Chunk::data_end;
      return;
    case Chunk::data_end:
      if (to_text(piece).find('\n') != npos) chunk_ = Chunk::length;
      return;
    case Chunk::none: return;
  }
}

uint64_t Framer::gap_allowed(const htp_tx_t* tx, Direction direction) const {
  if (!tx || !reads_body(*tx, direction) || chunk_ != Chunk::none) return 0;
  return body_left(*tx, direction);
}

void Framer::advance_gap(uint64_t lost, bool same_message) {
  if (same_message) {
    body_ += lost;
  } else {
    *this = {};
  }
}

}  // namespace lapwing::http
