// DottedText: a text that a dot alone on a line ends (RFC 5321 4.5.2, RFC 1939 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sensor/base/bytes.h"

namespace lapwing {

/// Bytes up to the first line that begins with a dot, but for one at their beginning (RFC 5321 4.5.2); all where there
/// is none. What was coded in base64 has no dot.
inline size_t until_dot_line(Bytes bytes) {
  for (size_t at = 1; at < bytes.size(); ++at) {
    const void* dot = std::memchr(bytes.data() + at, '.', bytes.size() - at);
    if (!dot) break;
    at = static_cast<size_t>(static_cast<const uint8_t*>(dot) - bytes.data());
    if (bytes[at - 1] == '\n') return at;
  }
  return bytes.size();
}

/// [W] Finds where a text ends, and undoes what the transport did to its lines: one that begins with a dot has another
/// in front of it, and a dot alone ends the text. What is found depends on the bytes alone, not on how they were cut.
class DottedText {
 public:
  struct Taken {
    size_t used = 0;         // bytes of the text; the rest, where it is not over, wants more
    size_t end = 0;          // bytes behind them that end it; 0: it goes on
    bool ambiguous = false;  // readers may disagree on whether it ends there
  };

  /// Hands what `bytes` have of the text to `take(Bytes)`, piece by piece.
  Taken read(Bytes bytes, auto&& take) {
    Taken out;
    while (out.used < bytes.size()) {
      const Bytes rest = bytes.subspan(out.used);
      if (line_begins_ && rest.front() == '.') {
        const Dot dot = read_dot(rest);
        if (!dot.known) return out;
        if (dot.end > 0) {
          out.end = dot.end;
          out.ambiguous = dot.end == 2 || bare_line_end_;
          return out;
        }
        ++out.used;
        line_begins_ = false;
        continue;
      }
      const size_t size = until_dot(rest);
      take(rest.first(size));
      out.used += size;
    }
    return out;
  }
  /// Bytes of it never come.
  void lose() { line_begins_ = bare_line_end_ = false; }
  bool line_begins() const { return line_begins_; }

 private:
  /// The line at the beginning of some bytes, which begins with a dot.
  struct Dot {
    bool known = false;  // else more bytes have to tell
    size_t end = 0;      // bytes of the line that ends the text; 0: it is a line of it
  };
  static Dot read_dot(Bytes line) {
    if (line.size() > 1 && line[1] == '\n') return {true, 2};
    if (line.size() > 2 && line[1] == '\r' && line[2] == '\n') return {true, 3};
    return {line.size() > 2 || (line.size() > 1 && line[1] != '\r'), 0};
  }
  /// All up to the end of a line that one with a dot follows.
  size_t until_dot(Bytes rest) {
    const size_t size = until_dot_line(rest);
    const uint8_t before = size > 1 ? rest[size - 2] : last_;
    last_ = rest[size - 1];
    line_begins_ = last_ == '\n';
    bare_line_end_ = line_begins_ && before != '\r';
    return size;
  }

  bool line_begins_ = true;
  bool bare_line_end_ = false;  // the line before ended in LF alone
  uint8_t last_ = 0;            // byte
};

}  // namespace lapwing
