// What nDPI said of names it was asked about before. Most flows ask for few names, and its search takes microseconds.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "sensor/base/hash.h"

namespace lapwing {

/// What a name says by itself, in nDPI's numbers; 0: nothing.
struct NameVerdict {
  uint16_t application = 0, category = 0;
  uint64_t risk = 0;
};

/// [W] The answer to a question is the same whatever is kept: names are compared in full. One that is kept makes room
/// for the next of its place, so an attacker can but make others be asked anew.
class NameMemo {
 public:
  /// `protocol`, `by_address`: what else the answer depends on. `ask` gives it where it is not kept.
  template <class Ask>
  NameVerdict find(std::string_view name, uint16_t protocol, uint16_t by_address, Ask ask) {
    if (name.size() > kLongest) return ask();
    const uint64_t seed = seed_ ^ (uint64_t{protocol} << 16 | by_address);
    Entry& entry = entries_[keyed_hash(to_bytes(name), seed) % kEntries];
    if (entry.protocol != protocol || entry.by_address != by_address || entry.size != name.size() ||
        std::memcmp(entry.name.data(), name.data(), name.size()) != 0) {
      entry.verdict = ask();
      entry.protocol = protocol;
      entry.by_address = by_address;
      entry.size = static_cast<uint8_t>(name.size());
      std::memcpy(entry.name.data(), name.data(), name.size());
    }
    return entry.verdict;
  }

 private:
  static constexpr size_t kEntries = 1024, kLongest = 80;
  struct Entry {
    NameVerdict verdict;
    uint16_t protocol = 0, by_address = 0;
    uint8_t size = 0;
    std::array<char, kLongest> name;
  };
  std::vector<Entry> entries_{kEntries};
  uint64_t seed_ = draw_seed();
};

}  // namespace lapwing
