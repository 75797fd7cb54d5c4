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
  constexpr size_t kOfWord = 8;         // indicators a word of the filter
  slots_.assign(added_.size() * kOf / kUsed + 1, {});
  filter_.assign(added_.size() / kOfWord + 1, 0);
  const auto before = [](const IndicatorSlot& one, const IndicatorSlot& other) {
    const auto last = [](const IndicatorSlot& slot) { return static_cast<uint16_t>(slot.expiry - 1); };  // 0: never
    return last(one) != last(other) ? last(one) > last(other) : one.place < other.place;
  };
  for (const IndicatorSlot& slot : added_) {
    size_t at = home(slot.fingerprint);
    while (slots_[at].fingerprint != 0 && slots_[at].fingerprint != slot.fingerprint)
      at = at + 1 == slots_.size() ? 0 : at + 1;
    IndicatorSlot& target = slots_[at];
    if (target.fingerprint == 0) {
      ++size_;
      ++counts_[static_cast<size_t>(slot.type)];
      filter_[filter_word(slot.fingerprint)] |= filter_bits(slot.fingerprint);
    }
    if (target.fingerprint == 0 || before(slot, target)) target = slot;
  }
  added_ = {};
}

uint64_t IndicatorTable::expired(uint16_t day) const {
  return static_cast<uint64_t>(
      std::ranges::count_if(slots_, [&](const IndicatorSlot& slot) { return !slot.counts(day); }));
}

const IndicatorSlot* IndicatorTable::find(uint64_t fingerprint) const {
  if (!may_have(fingerprint)) return nullptr;
  for (size_t at = home(fingerprint); slots_[at].fingerprint != 0; at = at + 1 == slots_.size() ? 0 : at + 1) {
    if (slots_[at].fingerprint == fingerprint) return &slots_[at];
  }
  return nullptr;
}

IndicatorTable::Name IndicatorTable::find_domain(std::string_view name, uint16_t day) const {
  if (const IndicatorSlot* exact = find(IndicatorType::domain_exact, name, day)) return {exact, name};
  if (labels_ == 0) return {};
  for (auto left = static_cast<size_t>(std::ranges::count(name, '.')) + 1; left > 0; --left) {
    if (labels_ >> std::min(left, kLastLabels) & 1) {
      if (const IndicatorSlot* found = find(IndicatorType::domain, name, day)) return {found, name};
    }
    name.remove_prefix(std::min(name.find('.'), name.size() - 1) + 1);
  }
  return {};
}

IndicatorTable::Address IndicatorTable::find_address(const IpAddress& address, uint16_t day) const {
  const auto present = [&](unsigned bits) {
    return ((address.version == 4 ? v4_bits_ : v6_bits_[bits / 64]) >> bits % 64 & 1) != 0;
  };
  if (address.version == 4 ? v4_bits_ == 0 : (v6_bits_[0] | v6_bits_[1] | v6_bits_[2]) == 0) return {};
  for (auto bits = static_cast<unsigned>(address.size() * 8);; --bits) {
    if (present(bits)) {
      const Network network = Network::of(address, bits);
      char key[18] = {static_cast<char>(address.version), static_cast<char>(bits)};
      std::ranges::copy(network.first.bytes, key + 2);
      if (const IndicatorSlot* found = find(IndicatorType::network, {key, sizeof key}, day)) return {found, bits};
    }
    if (bits == 0) return {};
  }
}

}  // namespace lapwing::analytics
