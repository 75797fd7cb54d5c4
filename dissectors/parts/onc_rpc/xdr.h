// XDR (RFC 4506): values off the front of a message of which more may come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::onc_rpc {

/// A read past the end yields zeros; from then on missing() tells how many bytes more it wants at least. A text or list
/// longer than it may be clears ok() for good, so that no length makes anybody wait for 4 GiB.
class XdrReader {
 public:
  explicit XdrReader(Bytes bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  uint64_t missing() const { return missing_; }
  /// All that was asked for is there.
  bool whole() const { return ok_ && missing_ == 0; }
  size_t position() const { return position_; }
  Bytes rest() const { return bytes_.subspan(position_); }

  uint32_t u32() { return take(4) ? load_be32(&bytes_[position_ - 4]) : 0; }
  uint64_t u64() { return take(8) ? load_be64(&bytes_[position_ - 8]) : 0; }
  bool flag() { return u32() != 0; }
  /// So many bytes, and what fills them up to a multiple of four.
  Bytes fixed(uint32_t size) {
    const uint64_t padded = (uint64_t{size} + 3) & ~uint64_t{3};
    return take(padded) ? bytes_.subspan(position_ - padded, size) : Bytes{};
  }
  /// Bytes whose number stands before them.
  Bytes opaque(uint32_t most) {
    const uint32_t size = count(most);
    return whole() ? fixed(size) : Bytes{};
  }
  std::string_view text(uint32_t most) { return to_text(opaque(most)); }
  /// Of a list.
  uint32_t count(uint32_t most) {
    const uint32_t number = u32();
    if (number > most) ok_ = false;
    return ok_ ? number : 0;
  }
  void skip(uint64_t size) { take(size); }
  void fail() { ok_ = false; }

 private:
  bool take(uint64_t size) {
    if (!whole()) return false;
    const uint64_t left = bytes_.size() - position_;
    if (size > left) {
      missing_ = size - left;
      return false;
    }
    position_ += size;
    return true;
  }

  Bytes bytes_;
  size_t position_ = 0;
  uint64_t missing_ = 0;
  bool ok_ = true;
};

}  // namespace lapwing::onc_rpc
