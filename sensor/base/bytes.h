// Borrowed byte ranges and a bounds-checked big-endian reader over them.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace lapwing {

using Bytes = std::span<const uint8_t>;

inline Bytes to_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view to_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline uint16_t load_be16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
inline uint32_t load_be24(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 16 | load_be16(p + 1);
}
inline uint32_t load_be32(const uint8_t* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return __builtin_bswap32(value);
}
inline uint64_t load_be64(const uint8_t* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return __builtin_bswap64(value);
}

/// Reads network-order integers from a byte range. A read past the end yields zeros and clears ok() for good,
/// so a parser may read a whole header and check once.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }
  bool has(size_t count) const { return count <= left(); }
  Bytes rest() const { return bytes_.subspan(position_); }
  Bytes all() const { return bytes_; }

  uint8_t u8() { return take(1) ? bytes_[position_ - 1] : uint8_t{0}; }
  uint16_t u16() { return take(2) ? load_be16(&bytes_[position_ - 2]) : uint16_t{0}; }
  uint32_t u24() { return take(3) ? load_be24(&bytes_[position_ - 3]) : 0; }
  uint32_t u32() { return take(4) ? load_be32(&bytes_[position_ - 4]) : 0; }
  uint64_t u64() { return take(8) ? load_be64(&bytes_[position_ - 8]) : 0; }
  Bytes bytes(size_t count) { return take(count) ? bytes_.subspan(position_ - count, count) : Bytes{}; }
  bool skip(size_t count) { return take(count); }
  bool seek(size_t position) {
    if (position > bytes_.size()) return ok_ = false;
    position_ = position;
    return ok_;
  }

 private:
  bool take(size_t count) {
    if (!ok_ || count > left()) return ok_ = false;
    position_ += count;
    return true;
  }

  Bytes bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace lapwing
