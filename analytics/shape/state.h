// State: what outlives the process, as bytes: little endian, and nothing taken on trust when it is read.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing::analytics {

/// [G]
class StateWriter {
 public:
  void u8(uint8_t value) { number(value); }
  void u32(uint32_t value) { number(value); }
  void u64(uint64_t value) { number(value); }
  void bytes(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  template <std::unsigned_integral T>
  void number(T value) {
    for (size_t i = 0; i < sizeof value; ++i) out_.push_back(static_cast<uint8_t>(uint64_t{value} >> 8 * i));
  }
  std::vector<uint8_t> out_;
};

/// [G] A read past the end yields zeros and clears ok() for good.
class StateReader {
 public:
  explicit StateReader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  /// All was read, and nothing was missing.
  bool done() const { return ok_ && rest_.empty(); }
  bool fail() { return ok_ = false; }
  size_t left() const { return rest_.size(); }

  uint8_t u8() { return number<uint8_t>(); }
  uint32_t u32() { return number<uint32_t>(); }
  uint64_t u64() { return number<uint64_t>(); }
  Bytes bytes(size_t size) {
    if (!ok_ || size > rest_.size()) {
      fail();
      return {};
    }
    const Bytes out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  /// How many follow, of which each takes `least` bytes or more: never more than there is room for.
  uint32_t count(size_t least) {
    const uint32_t count = u32();
    if (count > rest_.size() / least) fail();
    return ok_ ? count : 0;
  }

 private:
  template <std::unsigned_integral T>
  T number() {
    const Bytes from = bytes(sizeof(T));
    uint64_t out = 0;
    for (size_t i = 0; i < from.size(); ++i) out |= uint64_t{from[i]} << 8 * i;
    return static_cast<T>(out);
  }
  Bytes rest_;
  bool ok_ = true;
};

}  // namespace lapwing::analytics
