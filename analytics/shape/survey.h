// Survey: how many distinct values there were, and how large they are.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "analytics/shape/fan.h"

namespace lapwing::analytics {

/// Distinct values by keyed hash, each with a number that follows from it. What comes again changes nothing. The
/// numbers are kept of a sample: those of the kSample least hashes. So what it holds depends on the values alone,
/// merging is commutative, associative and idempotent, and all is exact up to kSample values.
class Survey {
 public:
  static constexpr size_t kSample = Fan::kExact;

  void add(uint64_t hash, uint16_t number) {
    distinct_.add(hash);
    keep(static_cast<uint32_t>(hash), number);
  }
  void merge(const Survey& other) {
    distinct_.merge(other.distinct_);
    for (size_t i = 0; i < other.used_; ++i) keep(other.hashes_[i], other.numbers_[i]);
  }

  const Fan& distinct() const { return distinct_; }
  uint32_t count() const { return distinct_.count(); }
  /// What so many values sum up to if they are like the sample.
  uint64_t sum_of(uint32_t values) const {
    uint64_t sum = 0;
    for (size_t i = 0; i < used_; ++i) sum += numbers_[i];
    return used_ == 0 ? 0 : sum * values / used_;
  }
  uint64_t sum() const { return sum_of(count()); }
  bool empty() const { return used_ == 0; }
  bool operator==(const Survey&) const = default;

 private:
  void keep(uint32_t hash, uint16_t number) {
    size_t at = 0;
    while (at < used_ && hashes_[at] < hash) ++at;
    if (at == kSample) return;
    if (at < used_ && hashes_[at] == hash) {
      numbers_[at] = std::max(numbers_[at], number);
      return;
    }
    used_ = static_cast<uint8_t>(std::min<size_t>(used_ + 1u, kSample));
    for (size_t to = used_ - 1u; to > at; --to) {
      hashes_[to] = hashes_[to - 1];
      numbers_[to] = numbers_[to - 1];
    }
    hashes_[at] = hash;
    numbers_[at] = number;
  }

  std::array<uint32_t, kSample> hashes_{};  // in ascending order
  std::array<uint16_t, kSample> numbers_{};
  Fan distinct_;
  uint8_t used_ = 0;
};
static_assert(sizeof(Survey) == 148);

}  // namespace lapwing::analytics
