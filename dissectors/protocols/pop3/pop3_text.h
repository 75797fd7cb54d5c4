// The text of a reply that has further lines (RFC 1939 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing::pop3 {

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
  static Dot read_dot(Bytes line);
  /// All up to the end of a line that one with a dot follows.
  size_t until_dot(Bytes rest);

  bool line_begins_ = true;
  bool bare_line_end_ = false;  // the line before ended in LF alone
  uint8_t last_ = '\r';         // byte
};

/// Lines one behind the other, as their bytes come.
class TextLines {
 public:
  static constexpr size_t kPerLine = 16;  // that a line counts beside its bytes

  /// Keeps what there is room for: `limit` is what may be kept in all. False where something was left out.
  bool append(std::string_view text, uint64_t limit);
  void clear();
  size_t size() const { return ends_.size() + open_; }
  std::string_view operator[](size_t i) const;
  bool cut() const { return cut_; }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
  uint64_t kept_ = 0;  // as `limit` counts
  bool open_ = false;  // the last line has no end yet
  bool cut_ = false;
};

}  // namespace lapwing::pop3
