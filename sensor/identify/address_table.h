// The applications whose servers have these IPv4 addresses, from nDPI's lists: a search of few cache lines instead of a
// walk down a tree of some 20,000 nodes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lapwing {

/// [S] Once it is built.
class AddressTable {
 public:
  struct Prefix {
    uint32_t address = 0;  // in host order, what is behind `length` bits being 0
    uint8_t length = 0;
    uint16_t application = 0, port = 0;  // port in network order; 0: any
  };
  /// Of equal prefixes the last counts.
  explicit AddressTable(std::vector<Prefix> prefixes);

  /// That of the longest prefix around the address, where it asks for a port if that fits; else 0.
  uint16_t find(uint32_t address, uint16_t port) const {
    const Range& found = range(address);
    return found.port == 0 || found.port == port ? found.application : uint16_t{0};
  }
  uint16_t find(uint32_t address) const { return range(address).application; }

 private:
  /// From `first` to before the next one's.
  struct Range {
    uint32_t first;
    uint16_t application, port;
  };
  const Range& range(uint32_t address) const;
  static constexpr unsigned kIndexBits = 16;

  std::vector<Range> ranges_;
  std::vector<uint32_t>
      index_;  // by an address's upper bits: the last range that begins at or before the lowest of them
};

}  // namespace lapwing
