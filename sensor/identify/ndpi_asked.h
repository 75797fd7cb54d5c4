// Which dissectors a payload is worth asking of, as sets of protocols: looked up, without branches.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sensor/identify/ndpi_module.h"
#include "sensor/identify/ndpi_needs.h"

namespace lapwing {

/// A set of nDPI's own protocols.
struct NdpiSet {
  static constexpr size_t kWords = NDPI_MAX_SUPPORTED_PROTOCOLS / 64 + 1;
  static_assert(kWords * 64 <= NDPI_NUM_BITS);
  std::array<uint64_t, kWords> words{};

  static NdpiSet all() {
    NdpiSet out;
    out.words.fill(~uint64_t{0});
    return out;
  }
  static NdpiSet load(const NDPI_PROTOCOL_BITMASK& from) {
    NdpiSet out;
    for (size_t i = 0; i < kWords; ++i) out.words[i] = from.fds_bits[2 * i] | uint64_t{from.fds_bits[2 * i + 1]} << 32;
    return out;
  }
  /// Adds itself to `to`.
  void add_to(NDPI_PROTOCOL_BITMASK& to) const {
    for (size_t i = 0; i < kWords; ++i) {
      to.fds_bits[2 * i] |= static_cast<ndpi_ndpi_mask>(words[i]);
      to.fds_bits[2 * i + 1] |= static_cast<ndpi_ndpi_mask>(words[i] >> 32);
    }
  }
  void set(size_t protocol) { words[protocol / 64] |= uint64_t{1} << protocol % 64; }
  bool has(size_t protocol) const { return words[protocol / 64] >> protocol % 64 & 1; }
  bool any() const {
    uint64_t all = 0;
    for (const uint64_t word : words) all |= word;
    return all != 0;
  }
  friend NdpiSet operator&(NdpiSet a, const NdpiSet& b) {
    for (size_t i = 0; i < kWords; ++i) a.words[i] &= b.words[i];
    return a;
  }
  friend NdpiSet operator|(NdpiSet a, const NdpiSet& b) {
    for (size_t i = 0; i < kWords; ++i) a.words[i] |= b.words[i];
    return a;
  }
  friend NdpiSet operator-(NdpiSet a, const NdpiSet& b) {
    for (size_t i = 0; i < kWords; ++i) a.words[i] &= ~b.words[i];
    return a;
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
