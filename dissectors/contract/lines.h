// Lines: the lines of a stream that comes in pieces.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing {

/// [W] Of one side of a flow. A line ends with LF; a CR in front of it belongs to its end. What is found depends on the
/// bytes alone, not on how they were cut, and no byte is looked at twice.
class Lines {
 public:
  struct Line {
    std::string_view text;  // without its end; the first bytes of one that is longer than the limit
    Bytes wire;             // the same with its end
    bool cut = false;       // it is longer: the rest, up to its end, is passed over
  };
  struct Taken {
    size_t used = 0;           // bytes that are done with
    std::optional<Line> line;  // none: the next wants more than the bytes that are left
  };

  /// Bytes of a line, its end not counted. At least 1.
  explicit Lines(size_t limit) : limit_(limit) {}

  /// The first line of `bytes`, which begin with those that were not used before. What is returned refers to them.
  Taken take(Bytes bytes) {
    const size_t begin = pass(bytes);
    if (passing_) return {begin, {}};
    const Bytes rest = bytes.subspan(begin);
    // One byte more may be the CR of a line that is just as long as allowed.
    const Bytes near = rest.first(std::min(rest.size(), limit_ + 2));
    const size_t end = find(near, std::min(seen_, near.size()));
    if (end < near.size()) {
      const size_t size = end - (end > 0 && near[end - 1] == '\r');
      if (size <= limit_) {
        seen_ = 0;
        return {begin + end + 1, Line{to_text(near.first(size)), near.first(end + 1), false}};
      }
    } else if (near.size() < limit_ + 2) {
      seen_ = near.size();
      return {begin, {}};
    }
    seen_ = 0;
    passing_ = true;
    return {begin + limit_, Line{to_text(near.first(limit_)), near.first(limit_), true}};
  }

  /// How many of the bytes are the rest of a line that is passed over, its end included.
  size_t pass(Bytes bytes) {
    if (!passing_) return 0;
    const size_t end = find(bytes, 0);
    if (end == bytes.size()) return end;
    passing_ = false;
    return end + 1;
  }

  /// What waits is no line, or bytes were lost: the next byte begins one.
  void begin_anew() {
    seen_ = 0;
    passing_ = false;
  }
  /// The rest of a line is to come that is not looked at, such as behind lost bytes.
  void pass_over() {
    seen_ = 0;
    passing_ = true;
  }
  bool passing() const { return passing_; }

 private:
  static size_t find(Bytes bytes, size_t from) {
    if (from == bytes.size()) return from;
    const void* at = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
    return at ? static_cast<size_t>(static_cast<const uint8_t*>(at) - bytes.data()) : bytes.size();
  }

  size_t limit_;
  size_t seen_ = 0;  // bytes of the line at hand, without its end
  bool passing_ = false;
};

}  // namespace lapwing
