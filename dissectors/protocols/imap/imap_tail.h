// Tail: the end of a line that is too long to be kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::imap {

/// [W] Its last bytes may announce a literal, and say what of.
class Tail {
 public:
  /// Bytes that are kept, and tell a section with a list of headers.
  static constexpr size_t kSize = 512;

  void begin(std::string_view head) {
    text_ = head.substr(head.size() - std::min(head.size(), kSize));
    open_ = true;
  }
  bool open() const { return open_; }
  /// Takes bytes up to the end of the line, and gives their number.
  size_t take(Bytes bytes) {
    const void* at = std::memchr(bytes.data(), '\n', bytes.size());
    const size_t size = at ? static_cast<size_t>(static_cast<const uint8_t*>(at) - bytes.data()) : bytes.size();
    text_.append(to_text(bytes.subspan(size - std::min(size, kSize), std::min(size, kSize))));
    if (text_.size() > 2 * kSize) text_.erase(0, text_.size() - kSize);
    open_ = !at;
    if (open_) return size;
    if (text_.ends_with('\r')) text_.pop_back();
    return size + 1;
  }
  void close() { open_ = false; }
  std::string_view text() const { return text_; }

 private:
  std::string text_;
  bool open_ = false;
};

}  // namespace lapwing::imap
