// IndicatorTable: indicators by fingerprint, 20 bytes each.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "analytics/intel/indicator.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {

/// [S] Where an indicator stands. `place` is the caller's.
struct IndicatorSlot {
  uint64_t fingerprint = 0;  // of type and canonical form under the table's seed; 0: the slot is free
  uint32_t place = 0;
  IndicatorType type = IndicatorType::domain;
  uint8_t spare = 0;
  uint16_t expiry = 0;  // day since 1970 from which on it counts no more; 0: none

  /// On that day since 1970; 0: whatever the day.
  bool counts(uint16_t day) const { return expiry == 0 || day < expiry; }
};
static_assert(sizeof(IndicatorSlot) == 16);

/// [S] once built. Open addressing at a load of at most 0.8. A fingerprint of 64 bits is taken for the indicator;
/// whoever tells of a hit compares what stands at its place.
class IndicatorTable {
 public:
  explicit IndicatorTable(uint64_t seed) : seed_(seed) {}

  /// Of indicators added twice that which counts for longer, and of those the least place.
  void add(IndicatorType type, std::string_view canonical, uint32_t place, uint16_t expiry);
  /// After the last add(); before, nothing is found.
  void build();

  // Null: not listed, or not on that day.
  const IndicatorSlot* find(IndicatorType type, std::string_view canonical, uint16_t day = 0) const {
    const IndicatorSlot* slot = has(type) ? find(fingerprint(type, canonical)) : nullptr;
    return slot && slot->counts(day) ? slot : nullptr;
  }
  /// What is listed of a name or address, and its canonical form's view or length.
  struct Name {
    const IndicatorSlot* slot = nullptr;
    std::string_view listed;  // of the name looked up
  };
  struct Address {
    const IndicatorSlot* slot = nullptr;
    unsigned bits = 0;
  };
  /// The name as it is, else the longest parent that is listed. `name` is canonical.
  Name find_domain(std::string_view name, uint16_t day = 0) const;
  /// The smallest network that is listed.
  Address find_address(const IpAddress& address, uint16_t day = 0) const;

  /// Bits by IndicatorType of those that are there.
  uint32_t types() const { return types_; }
  bool has(IndicatorType type) const { return (types_ >> static_cast<unsigned>(type) & 1) != 0; }
  size_t size() const { return size_; }
  /// Indicators of a type.
  uint64_t count(IndicatorType type) const { return counts_[static_cast<size_t>(type)]; }
  /// Those that count no more on that day. Looks at all.
  uint64_t expired(uint16_t day) const;
  size_t bytes() const { return slots_.size() * sizeof(IndicatorSlot) + filter_.size() * sizeof(uint64_t); }

 private:
  uint64_t fingerprint(IndicatorType type, std::string_view canonical) const {
    const uint64_t hash = keyed_hash(to_bytes(canonical), seed_ + static_cast<uint64_t>(type));
    return hash ? hash : 1;
  }
  const IndicatorSlot* find(uint64_t fingerprint) const;
  /// Bits of one word of the filter: a fingerprint without them is not there, and touches no slot.
  static uint64_t filter_bits(uint64_t fingerprint) {
    return uint64_t{1} << (fingerprint & 63) | uint64_t{1} << (fingerprint >> 6 & 63) |
           uint64_t{1} << (fingerprint >> 12 & 63);
  }
  size_t filter_word(uint64_t fingerprint) const {
    return static_cast<size_t>(static_cast<unsigned __int128>(fingerprint) * filter_.size() >> 64);
  }
  bool may_have(uint64_t fingerprint) const {
    const uint64_t bits = filter_bits(fingerprint);
    return !filter_.empty() && (filter_[filter_word(fingerprint)] & bits) == bits;
  }
  size_t home(uint64_t fingerprint) const {
    return static_cast<size_t>(static_cast<unsigned __int128>(fingerprint) * slots_.size() >> 64);
  }

  uint64_t seed_;
  uint32_t types_ = 0;                      // that are there, by bit
  uint64_t labels_ = 0;                     // of domains, by bit; the last stands for more
  uint64_t v4_bits_ = 0, v6_bits_[3] = {};  // lengths of prefixes
  std::deque<IndicatorSlot> added_;
  std::vector<IndicatorSlot> slots_;
  std::vector<uint64_t> filter_;  // a byte an indicator: stays in the second-level cache where slots do not
  std::array<uint64_t, kIndicatorTypes> counts_{};
  size_t size_ = 0;
};

}  // namespace lapwing::analytics
