// Which dissectors a payload is worth asking of, as sets of protocols: looked up, without branches.
#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "sensor/identify/ndpi_module.h"
#include "sensor/identify/ndpi_needs.h"

namespace lapwing {

/// A set of nDPI's protocols, as long as its own and in vectors: what is done with it is four steps and no loop.
struct NdpiSet {
  using Lane = uint64_t __attribute__((vector_size(16)));
  static constexpr size_t kLanes = 4, kWords = 2 * kLanes;
  static_assert(kWords * 64 == NDPI_NUM_BITS && sizeof(NDPI_PROTOCOL_BITMASK) == kLanes * sizeof(Lane));
  static_assert(std::endian::native == std::endian::little);  // nDPI's words are half as long
  std::array<Lane, kLanes> lanes{};

  static NdpiSet all() {
    NdpiSet out;
    for (Lane& lane : out.lanes) lane = ~lane;
    return out;
  }
  static NdpiSet load(const NDPI_PROTOCOL_BITMASK& from) {
    NdpiSet out;
    std::memcpy(&out.lanes, &from, sizeof from);
    return out;
  }
  /// Adds itself to `to`.
  void add_to(NDPI_PROTOCOL_BITMASK& to) const {
    const NdpiSet both = load(to) | *this;
    std::memcpy(&to, &both.lanes, sizeof to);
  }
  uint64_t word(size_t i) const { return lanes[i / 2][i % 2]; }
  void set(size_t protocol) { lanes[protocol / 128][protocol / 64 % 2] |= uint64_t{1} << protocol % 64; }
  bool has(size_t protocol) const { return word(protocol / 64) >> protocol % 64 & 1; }
  bool any() const {
    const Lane all = lanes[0] | lanes[1] | lanes[2] | lanes[3];
    return (all[0] | all[1]) != 0;
  }
  friend NdpiSet operator&(const NdpiSet& a, const NdpiSet& b) {
    return {{a.lanes[0] & b.lanes[0], a.lanes[1] & b.lanes[1], a.lanes[2] & b.lanes[2], a.lanes[3] & b.lanes[3]}};
  }
  friend NdpiSet operator|(const NdpiSet& a, const NdpiSet& b) {
    return {{a.lanes[0] | b.lanes[0], a.lanes[1] | b.lanes[1], a.lanes[2] | b.lanes[2], a.lanes[3] | b.lanes[3]}};
  }
  friend NdpiSet operator-(const NdpiSet& a, const NdpiSet& b) {
    return {{a.lanes[0] & ~b.lanes[0], a.lanes[1] & ~b.lanes[1], a.lanes[2] & ~b.lanes[2], a.lanes[3] & ~b.lanes[3]}};
  }
};

/// The rows of one carrier for one place in a flow.
class AskedTable {
 public:
  struct Answer {
    NdpiSet ask, exclude;  // the rest changes nothing
  };

  AskedTable(Carrier carrier, At at);
  /// Nothing where the payload is too short or too long to say. Ports in host order.
  Answer look(std::span<const uint8_t> payload, uint16_t port, uint16_t other_port) const;
  static bool holds_for(size_t size) { return size >= PayloadNeeds::kShortest && size <= PayloadNeeds::kLongest; }

 private:
  struct ByLength {
    NdpiSet fit, also, ignore;
  };
  struct ByPort {
    NdpiSet fit, also;
  };
  const ByPort& of(uint16_t port) const;

  std::array<NdpiSet, 256> by_first_;
  std::array<uint8_t, PayloadNeeds::kLongest + 1> length_class_;
  std::vector<ByLength> by_length_;
  std::bitset<65536> named_;     // ports that a row names
  std::vector<uint16_t> ports_;  // the same, sorted
  std::vector<ByPort> by_port_;  // in their order, last: any other port
  NdpiSet excludes_;
};

}  // namespace lapwing
