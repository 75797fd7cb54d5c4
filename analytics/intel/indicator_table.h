// IndicatorTable: indicators by fingerprint, 20 bytes each.
#pragma once

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
};
static_assert(sizeof(IndicatorSlot) == 16);

/// [S] once built. Open addressing at a load of at most 0.8. A fingerprint of 64 bits is taken for the indicator;
/// whoever tells of a hit compares what stands at its place.
class IndicatorTable {
 public:
  explicit IndicatorTable(uint64_t seed) : seed_(seed) {}

  /// Of indicators added twice the least place counts.
  void add(IndicatorType type, std::string_view canonical, uint32_t place, uint16_t expiry);
  /// After the last add(); before, nothing is found.
  void build();

  const IndicatorSlot* find(IndicatorType type, std::string_view canonical) const {
    return (types_ >> static_cast<unsigned>(type) & 1) == 0 ? nullptr : find(fingerprint(type, canonical));
  }
  /// The name as it is, else the longest parent that is listed. `name` is canonical.
  const IndicatorSlot* find_domain(std::string_view name) const;
  /// The smallest network that is listed.
  const IndicatorSlot* find_address(const IpAddress& address) const;

  size_t size() const { return size_; }
  size_t bytes() const { return slots_.size() * sizeof(IndicatorSlot); }

 private:
  uint64_t fingerprint(IndicatorType type, std::string_view canonical) const {
    const uint64_t hash = keyed_hash(to_bytes(canonical), seed_ + static_cast<uint64_t>(type));
    return hash ? hash : 1;
  }
  const IndicatorSlot* find(uint64_t fingerprint) const;
  size_t home(uint64_t fingerprint) const {
    return static_cast<size_t>(static_cast<unsigned __int128>(fingerprint) * slots_.size() >> 64);
  }

  uint64_t seed_;
  uint32_t types_ = 0;                      // that are there, by bit
  uint64_t labels_ = 0;                     // of domains, by bit; the last stands for more
  uint64_t v4_bits_ = 0, v6_bits_[3] = {};  // lengths of prefixes
  std::deque<IndicatorSlot> added_;
  std::vector<IndicatorSlot> slots_;
  size_t size_ = 0;
};

}  // namespace lapwing::analytics
