#include "analytics/intel/indicator_table.h"

#include <algorithm>

namespace lapwing::analytics {
namespace {

constexpr size_t kLastLabels = 63;

size_t labels_of(std::string_view name) {
  return std::min<size_t>(static_cast<size_t>(std::ranges::count(name, '.')) + 1, kLastLabels);
}

}  // namespace

void IndicatorTable::add(IndicatorType type, std::string_view canonical, uint32_t place, uint16_t expiry) {
  types_ |= uint32_t{1} << static_cast<unsigned>(type);
  if (type == IndicatorType::domain) labels_ |= uint64_t{1} << labels_of(canonical);
  if (type == IndicatorType::network) {
    const auto bits = static_cast<uint8_t>(canonical[1]);
    (canonical[0] == 4 ? v4_bits_ : v6_bits_[bits / 64]) |= uint64_t{1} << bits % 64;
  }
  added_.push_back({.fingerprint = fingerprint(type, canonical), .place = place, .type = type, .expiry = expiry});
}

void IndicatorTable::build() {
  constexpr size_t kOf = 5, kUsed = 4;  // load
  slots_.assign(added_.size() * kOf / kUsed + 1, {});
  for (const IndicatorSlot& slot : added_) {
    size_t at = home(slot.fingerprint);
    while (slots_[at].fingerprint != 0 && slots_[at].fingerprint != slot.fingerprint)
      at = at + 1 == slots_.size() ? 0 : at + 1;
    IndicatorSlot& target = slots_[at];
    if (target.fingerprint == 0) ++size_;
    if (target.fingerprint == 0 || slot.place < target.place) target = slot;
  }
  added_ = {};
}

const IndicatorSlot* IndicatorTable::find(uint64_t fingerprint) const {
  if (slots_.empty()) return nullptr;
  for (size_t at = home(fingerprint); slots_[at].fingerprint != 0; at = at + 1 == slots_.size() ? 0 : at + 1) {
    if (slots_[at].fingerprint == fingerprint) return &slots_[at];
  }
  return nullptr;
}

const IndicatorSlot* IndicatorTable::find_domain(std::string_view name) const {
  if (const IndicatorSlot* exact = find(IndicatorType::domain_exact, name)) return exact;
  if (labels_ == 0) return nullptr;
  for (auto left = static_cast<size_t>(std::ranges::count(name, '.')) + 1; left > 0; --left) {
    if (labels_ >> std::min(left, kLastLabels) & 1) {
      if (const IndicatorSlot* found = find(IndicatorType::domain, name)) return found;
    }
    name.remove_prefix(std::min(name.find('.'), name.size() - 1) + 1);
  }
  return nullptr;
}

const IndicatorSlot* IndicatorTable::find_address(const IpAddress& address) const {
  const auto present = [&](unsigned bits) {
    return ((address.version == 4 ? v4_bits_ : v6_bits_[bits / 64]) >> bits % 64 & 1) != 0;
  };
  if (address.version == 4 ? v4_bits_ == 0 : (v6_bits_[0] | v6_bits_[1] | v6_bits_[2]) == 0) return nullptr;
  for (auto bits = static_cast<unsigned>(address.size() * 8);; --bits) {
    if (present(bits)) {
      const Network network = Network::of(address, bits);
      char key[18] = {static_cast<char>(address.version), static_cast<char>(bits)};
      std::ranges::copy(network.first.bytes, key + 2);
      if (const IndicatorSlot* found = find(IndicatorType::network, {key, sizeof key})) return found;
    }
    if (bits == 0) return nullptr;
  }
}

}  // namespace lapwing::analytics
