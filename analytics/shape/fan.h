// Fan: how many distinct values there were.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "sensor/base/bytes.h"

namespace lapwing::analytics {

/// The number of distinct values behind registers of a HyperLogLog, by O. Ertl's estimator (arXiv 1702.01284, algorithm
/// 6), which needs no correction for few or many. `counts`: how many registers have each value.
uint32_t estimate(std::span<const uint32_t> counts);

/// A set of keyed hashes that only grows. Up to kExact values are kept, each by 24 bits of its hash, and counted (two
/// of 16 fall together once in 140,000); beyond that their registers are, with a standard error of 1.04 /
/// sqrt(Registers). What it holds depends on the values alone: merging is commutative, associative and idempotent.
template <size_t Registers>
class FanOf {
 public:
  static constexpr size_t kExact = Registers / 4;

  /// False: it was there, or beyond kExact may have been.
  bool add(uint64_t hash) { return add_value(static_cast<uint32_t>(hash >> 40)); }

  void merge(const FanOf& other) {
    if (other.exact()) {
      for (size_t i = 0; i < other.used_; ++i) add_value(other.word(i));
      return;
    }
    if (exact()) spread();
    for (size_t i = 0; i < kExact; ++i) set_word(i, larger(word(i), other.word(i)));
  }

  uint32_t count() const {
    if (exact()) return used_;
    std::array<uint32_t, kLargest + 1> counts{};
    for (size_t i = 0; i < kExact; ++i) {
      for (uint32_t four = word(i), at = 0; at < 4; ++at, four >>= 6) ++counts[four & 63];
    }
    return std::max(estimate(counts), static_cast<uint32_t>(kExact + 1));
  }
  /// As it is kept, whose bytes mean the same on any machine.
  Bytes bytes() const { return {reinterpret_cast<const uint8_t*>(this), sizeof *this}; }
  /// False: these are no set's.
  bool load(Bytes kept) {
    if (kept.size() != sizeof *this) return false;
    std::memcpy(static_cast<void*>(this), kept.data(), kept.size());
    if (exact()) return used_ <= kExact;
    for (size_t i = 0; i < kExact; ++i) {
      for (uint32_t four = word(i), at = 0; at < 4; ++at, four >>= 6) {
        if ((four & 63) > kLargest) return false;
      }
    }
    return true;
  }

  bool empty() const { return used_ == 0; }
  bool exact() const { return used_ != kSpread; }
  bool operator==(const FanOf&) const = default;

 private:
  static_assert(std::has_single_bit(Registers) && Registers >= 16 && Registers <= 512);
  static constexpr uint8_t kSpread = UINT8_MAX;                   // of used_: words are registers
  static constexpr int kTail = 24 - std::countr_zero(Registers);  // bits of a value behind its register's number
  static constexpr uint32_t kLargest = static_cast<uint32_t>(kTail) + 1;  // of a register
  static_assert(kLargest < 32, "the top bit of a register is free");

  /// Words of 24 bits: the values in ascending order, or four registers each.
  uint32_t word(size_t at) const {
    const uint8_t* p = &bytes_[3 * at];
    return static_cast<uint32_t>(p[0] | p[1] << 8 | p[2] << 16);
  }
  void set_word(size_t at, uint32_t word) {
    for (size_t i = 0; i < 3; ++i) bytes_[3 * at + i] = static_cast<uint8_t>(word >> 8 * i);
  }
  /// The larger of each of four registers: all side by side, with their free bits as borrows.
  static uint32_t larger(uint32_t a, uint32_t b) {
    constexpr uint32_t kFree = 0x820820;
    const uint32_t not_less = ((a | kFree) - b) & kFree;
    const uint32_t mask = not_less - (not_less >> 5);
    return (a & mask) | (b & ~mask);
  }

  bool add_value(uint32_t value) {
    if (!exact()) return raise(value);
    size_t at = 0;
    while (at < used_ && word(at) < value) ++at;
    if (at < used_ && word(at) == value) return false;
    if (used_ == kExact) {
      spread();
      raise(value);
      return true;
    }
    std::memmove(bytes_.data() + 3 * (at + 1), bytes_.data() + 3 * at, 3 * (used_ - at));
    set_word(at, value);
    ++used_;
    return true;
  }
  bool raise(uint32_t value) {
    const uint32_t number = value >> kTail, tail = value & ((1U << kTail) - 1);
    const auto rank = static_cast<uint32_t>(kTail + 1 - std::bit_width(tail));
    const uint32_t four = word(number / 4), shift = 6 * (number % 4);
    if ((four >> shift & 63) >= rank) return false;
    set_word(number / 4, (four & ~(63U << shift)) | rank << shift);
    return true;
  }
  void spread() {
    const FanOf values = *this;
    bytes_.fill(0);
    used_ = kSpread;
    for (size_t i = 0; i < values.used_; ++i) raise(values.word(i));
  }

  std::array<uint8_t, 3 * kExact> bytes_{};
  uint8_t used_ = 0;
};

/// Exact to 16, then within 13 %.
using Fan = FanOf<64>;
/// Exact to 8, then within 20 %: where there are a million of them.
using SmallFan = FanOf<32>;
/// Exact to 64, then within 7 %; asked more often than it grows, it remembers how many there are.
class Population {
 public:
  void add(uint64_t hash) {
    if (members_.add(hash)) count_ = members_.count();
  }
  uint32_t count() const { return count_; }
  Bytes bytes() const { return members_.bytes(); }
  bool load(Bytes kept) {
    if (!members_.load(kept)) return false;
    count_ = members_.count();
    return true;
  }

 private:
  FanOf<256> members_;
  uint32_t count_ = 0;
};
static_assert(sizeof(Fan) == 49 && sizeof(SmallFan) == 25);

}  // namespace lapwing::analytics
