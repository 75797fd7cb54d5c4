#include "dissectors/protocols/http/http_framer.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "dissectors/protocols/http/http_probe.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view kSpaces = " \t\r\n\v\f";

bool blank(std::string_view line) {
  return line.find_first_not_of(kSpaces) == npos;
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

bool looks_like_status(std::string_view line) {
  size_t at = line.find_first_not_of(std::string_view(" \t\r\n\v\f\0", 7));
  return at != npos && equal_nocase(line.substr(at, 4), "HTTP");
}

/// The beginning of a line with a chunk's length (RFC 9112 7.1).
bool may_be_length(std::string_view text) {
  const size_t behind = text.find_first_not_of("0123456789abcdefABCDEF", text.find_first_not_of(kSpaces));
  return behind == npos || text[behind] == ';' || blank(text.substr(behind, 1));
}

uint8_t progress(const htp_tx_t& tx, Direction direction) {
  return static_cast<uint8_t>(direction == Direction::to_server ? int{tx.request_progress} : int{tx.response_progress});
}

bool reads_body(const htp_tx_t& tx, Direction direction) {
  static_assert(int{HTP_REQUEST_BODY} == int{HTP_RESPONSE_BODY});
  return progress(tx, direction) == HTP_REQUEST_BODY;
}

}  // namespace

Cut Framer::cut(Bytes bytes, const ParserState& state) {
  Cut cut = cut_at(bytes, state);
  if (cut.take > 0) {
    looked_ = {};
    bare_request_ = false;
  }
  return cut;
}

Cut Framer::cut_at(Bytes bytes, const ParserState& state) {
  if (state.direction == Direction::to_server) {
    if (!state.tx || !state.tx->request_line) return cut_request_start(bytes, state);
  } else {
    // Behind an interim answer libhtp still has the status line of that.
    if (!state.tx || state.tx->response_progress <= HTP_RESPONSE_LINE) return cut_response_start(bytes, state);
  }
  return reads_body(*state.tx, state.direction) ? cut_body(bytes, state) : cut_line(bytes, state);
}

/// The end of the line at hand, or npos; what was looked at for it before is not looked at again.
size_t Framer::line_feed(std::string_view text) {
  const size_t found = text.find('\n', std::max(looked_.line, looked_.seen));
  looked_.seen = std::min(found, text.size());
  return found;
}

/// Takes the header at hand with all that libhtp must see to read it: lines that continue it, a CR that begins the next
/// line (servers end lines with LF CR too), the byte behind a line of one space, which may end the headers. Takes
/// nothing when that may still come. The empty line never waits.
void Framer::cut_response_field(Cut& cut, std::string_view text, bool last) {
  const auto take = [&cut](size_t size, size_t field) {
    cut.take = size;
    cut.field = field;
  };
  for (;;) {
    const size_t line_end = line_feed(text);
    if (line_end == npos) return last ? take(text.size(), text.size()) : take(0, 0);
    const std::string_view line = text.substr(looked_.line, line_end - looked_.line);
    const size_t end = line_end + 1;
    if (line.find_first_not_of('\r') == npos) {
      // Clients read LF CR CR LF CR LF as two line ends.
      const bool mixed = line == "\r\r" && looked_.line > 0 && (looked_.line < 2 || text[looked_.line - 2] != '\r');
      const std::string_view more = text.substr(end, 2);
      if (mixed && std::string_view("\r\n").starts_with(more)) {
        if (more.size() < 2 && !last) return take(0, 0);
        return take(end + more.size(), looked_.line);
      }
      return take(end, looked_.line);
    }
    if (end == text.size()) return last ? take(end, end) : take(0, 0);
    if (line == " " || line == "\t") {
      if (text[end] != '\n') {
        ahead_ = text[end];
        return take(end + 1, looked_.line);
      }
    } else if (blank(line) || std::string_view(" \t\r\0", 4).find(text[end]) == npos) {
      return take(end, end);
    }
    looked_.line = end;
  }
}

/// Holds `size` bytes of the line or header at hand to the limits.
void Framer::measure(Cut& cut, size_t size) {
  cut.refused = headers_ + size > kHeadersLimit;
  cut.too_long = cut.take > 0 && !told_ && line_ + size > kLineLimit;
  told_ |= cut.too_long;
}

Cut Framer::cut_line(Bytes bytes, const ParserState& state) {
  const std::string_view text = to_text(bytes);
  Cut cut;
  if (state.direction == Direction::to_server) {
    const int progress = state.tx->request_progress;
    const bool header = progress == HTP_REQUEST_HEADERS || progress == HTP_REQUEST_TRAILER;
    const size_t end = line_feed(text);
    cut.take = end != npos ? end + 1 : !header || state.last ? text.size() : 0;
    cut.field = header && !blank(text.substr(0, cut.take)) ? cut.take : 0;
  } else {
    cut_response_field(cut, text, state.last);
    const int progress = state.tx->response_progress;
    const bool header = progress == HTP_RESPONSE_HEADERS || progress == HTP_RESPONSE_TRAILER;
    if (!header || blank(text.substr(0, cut.field))) cut.field = 0;
  }
  measure(cut, cut.take ? cut.take : text.size());
  return cut;
}

/// Lines that begin no request belong to the one before, where that did not say how long it is. True when nothing is
/// left to decide.
bool Framer::cut_behind(Cut& cut, std::string_view text, const ParserState& state) {
  const size_t line_end = line_feed(text);
  if (line_end == npos && !state.last && text.size() < kLineLimit) {
    cut.take = 0;
    return true;
  }
  // The beginning of a longer line decides, and goes alone: no more of it may have come.
  const std::string_view line = text.substr(0, std::min(line_end, kLineLimit));
  if ((blank(line) && !state.body) || begins_request(line)) return false;
  cut.take = std::min(line_end < kLineLimit ? line_end + 1 : kLineLimit, text.size());
  cut.behind = true;
  return true;
}

Cut Framer::cut_request_start(Bytes bytes, const ParserState& state) {
  const std::string_view text = to_text(bytes);
  Cut cut;
  if (!bare_request_) {
    if (state.open && cut_behind(cut, text, state)) return cut;
    const size_t line_end = line_feed(text);
    cut.take = line_end != npos ? line_end + 1 : state.last ? text.size() : 0;
    const std::string_view line = text.substr(0, std::min(line_end, text.size()));
    cut.skip = line_end != npos && (blank(line) ? state.tx == nullptr : resync_ && line.find(" HTTP/") == npos);
    if (line_end == npos || cut.skip || blank(line) || has_protocol(line)) {
      measure(cut, line.size());
      return cut;
    }
    bare_request_ = true;
    looked_.line = cut.take;
  }
  // HTTP/0.9 is one line. Servers that are lenient take lines behind it for headers, whatever is in them.
  cut.take = looked_.line;
  const size_t next_end = line_feed(text);
  if (next_end == npos && !state.last && text.size() < looked_.line + kLineLimit) {
    cut.take = 0;
    return cut;
  }
  measure(cut, looked_.line);
  const size_t next_size = std::min(next_end, text.size()) - looked_.line;
  const std::string_view next = text.substr(looked_.line, std::min(next_size, kLineLimit));
  cut.headers_follow = !blank(next) && !begins_request(next);
  return cut;
}

Cut Framer::cut_response_start(Bytes bytes, const ParserState& state) {
  const std::string_view text = to_text(bytes);
  Cut cut;
  // Whatever was asked, a status line is one. Without a protocol in the request it must come first: the answer may be
  // the file itself.
  if (!looked_.in_header && state.owner && state.owner->request_protocol_number == HTP_PROTOCOL_0_9) {
    const Likelihood answer = probe_response(text);
    if (answer == Likelihood::no || (answer == Likelihood::more && state.last)) {
      return {.take = text.size(), .bare = state.owner};
    }
    if (answer == Likelihood::more) return cut;
  }
  while (!looked_.in_header && looked_.line < text.size()) {
    size_t end = line_feed(text);
    if (end == npos && !state.last) break;
    end = end == npos ? text.size() : end + 1;
    if (end > kJunkLimit) break;
    const std::string_view line = text.substr(looked_.line, end - looked_.line);
    if (looked_.line == 0 && blank(line)) {
      cut.take = end;
      cut.skip = state.tx == nullptr;
      return cut;
    }
    if (looks_like_status(line)) {
      // Junk before a status line is no part of the answer; not every libhtp looks beyond it.
      if (looked_.line > 0) {
        cut.take = looked_.line;
        cut.skip = true;
        return cut;
      }
      looked_.in_header = true;
    } else {
      looked_.line = end;
    }
  }
  if (looked_.in_header) {
    cut_response_field(cut, text, state.last);
    cut.field = 0;
    measure(cut, cut.take ? cut.take : text.size());
    return cut;
  }
  if (!state.last && text.size() < kJunkLimit) return cut;
  // Bytes that answer a request become its body, as a browser shows them. Others belong to nothing.
  cut.take = text.size();
  cut.bare = state.owner;
  cut.skip = !state.owner && resync_;
  cut.excess = !state.owner && !resync_;
  return cut;
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

Cut Framer::cut_body(Bytes bytes, const ParserState& state) {
  const std::string_view text = to_text(bytes);
  if (chunk_ == Chunk::length || chunk_ == Chunk::data_end) {
    const size_t end = std::min(line_feed(text), kJunkLimit - 1);
    Cut cut;
    if (end < text.size()) {
      cut.take = end + 1;
    } else if (chunk_ == Chunk::data_end || state.last) {
      cut.take = text.size();
    }
    if (cut.take > 0 && chunk_ == Chunk::length) {
      const size_t first = text.find_first_not_of(kSpaces);
      cut.bad_chunk = first != npos && !std::isxdigit(static_cast<unsigned char>(text[first]));
    }
    // The last line is no length, whatever it begins with, but a body that was announced as chunks.
    if (state.last && chunk_ == Chunk::length && end >= text.size() && !may_be_length(text)) {
      cut.bad_chunk = true;
      cut.bare = state.owner;
    }
    return cut;
  }
  const uint64_t left = body_left(*state.tx, state.direction);
  return {static_cast<size_t>(std::min<uint64_t>(left, text.size()))};
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
    const auto ahead = ahead_;
    *this = {};
    in_body_ = true;
    chunk_ = chunked ? Chunk::length : Chunk::none;
    body_ = !chunked && ahead;
    if (chunked) ahead_ = ahead;
    return;
  }
  if (!after || (!same && before)) {
    *this = {};
    return;
  }
  ahead_ = {};
  chunk_ = Chunk::none;
  const size_t last_line = to_text(piece).rfind('\n');
  line_ = last_line == npos ? line_ + piece.size() : piece.size() - last_line - 1;
  headers_ += piece.size();
}

void Framer::advance_chunk(Bytes piece) {
  switch (chunk_) {
    case Chunk::length: {
      std::string line(ahead_ ? 1 : 0, ahead_.value_or(0));
      if (ahead_) line += to_text(piece);
      const std::string_view text = ahead_ ? std::string_view(line) : to_text(piece);
      ahead_ = {};
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
  if (!tx || !reads_body(*tx, direction) || (chunk_ != Chunk::none && chunk_ != Chunk::data)) return 0;
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
