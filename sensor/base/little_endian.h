// Reads of integers whose least byte comes first, as Microsoft's protocols have them.
#pragma once

#include <cstdint>
#include <cstring>

#include "sensor/base/bytes.h"

namespace lapwing {

inline uint16_t load_le16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] | p[1] << 8);
}
inline uint32_t load_le32(const uint8_t* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
inline uint64_t load_le64(const uint8_t* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// ByteReader for such integers: a read past the end yields zeros and clears ok() for good.
class LittleReader {
 public:
  explicit LittleReader(Bytes bytes) : reader_(bytes) {}

  bool ok() const { return reader_.ok(); }
  size_t position() const { return reader_.position(); }
  size_t left() const { return reader_.left(); }
  bool has(size_t count) const { return reader_.has(count); }
  Bytes rest() const { return reader_.rest(); }
  Bytes all() const { return reader_.all(); }

  uint8_t u8() { return reader_.u8(); }
  uint16_t u16() { return __builtin_bswap16(reader_.u16()); }
  uint32_t u32() { return __builtin_bswap32(reader_.u32()); }
  uint64_t u64() { return __builtin_bswap64(reader_.u64()); }
  Bytes bytes(size_t count) { return reader_.bytes(count); }
  bool skip(size_t count) { return reader_.skip(count); }
  bool seek(size_t position) { return reader_.seek(position); }

 private:
  ByteReader reader_;
};

}  // namespace lapwing
