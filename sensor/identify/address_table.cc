#include "sensor/identify/address_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace lapwing {
namespace {

uint64_t end_of(const AddressTable::Prefix& prefix) {
  return uint64_t{prefix.address} + (uint64_t{1} << (32 - prefix.length));
}

}  // namespace

AddressTable::AddressTable(std::vector<Prefix> prefixes) {
  std::ranges::stable_sort(prefixes, {}, [](const Prefix& one) { return std::tuple(one.address, one.length); });
  std::vector<const Prefix*> around;
  const auto begin = [&](uint64_t first, uint16_t application, uint16_t port) {
    if (first > UINT32_MAX) return;
    const Range range{static_cast<uint32_t>(first), application, port};
    if (!ranges_.empty() && ranges_.back().first == range.first) {
      ranges_.back() = range;
    } else {
      ranges_.push_back(range);
    }
  };
  const auto end_before = [&](uint64_t next) {
    while (!around.empty() && end_of(*around.back()) <= next) {
      const uint64_t end = end_of(*around.back());
      around.pop_back();
      const Prefix none{}, &outer = around.empty() ? none : *around.back();
      begin(end, outer.application, outer.port);
    }
  };
  begin(0, 0, 0);
  for (const Prefix& prefix : prefixes) {
    end_before(prefix.address);
    begin(prefix.address, prefix.application, prefix.port);
    around.push_back(&prefix);
  }
  end_before(uint64_t{1} << 32);
  index_.reserve((size_t{1} << kIndexBits) + 1);
  uint32_t at = 0;
  for (uint64_t upper = 0; upper < uint64_t{1} << kIndexBits; ++upper) {
    while (at + 1 < ranges_.size() && ranges_[at + 1].first <= upper << (32 - kIndexBits)) ++at;
    index_.push_back(at);
  }
  index_.push_back(static_cast<uint32_t>(ranges_.size() - 1));
}

const AddressTable::Range& AddressTable::range(uint32_t address) const {
  const size_t upper = address >> (32 - kIndexBits);
  const auto first = ranges_.begin() + index_[upper] + 1, last = ranges_.begin() + index_[upper + 1] + 1;
  return *(std::upper_bound(first, last, address, [](uint32_t value, const Range& r) { return value < r.first; }) - 1);
}

}  // namespace lapwing
