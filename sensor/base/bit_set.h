// BitSet: a set of numbers below a fixed limit, as bits of words.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace lapwing {

template <size_t Limit>
class BitSet {
 public:
  constexpr BitSet() = default;

  /// All numbers from `first` to `last`.
  static constexpr BitSet range(size_t first, size_t last) {
    BitSet out;
    for (size_t i = first; i <= last; ++i) out.add(i);
    return out;
  }
  static constexpr BitSet below(size_t count) { return count == 0 ? BitSet() : range(0, count - 1); }
  static constexpr BitSet all() {
    BitSet out;
    for (uint64_t& word : out.words_) word = ~uint64_t{0};
    return out;
  }

  constexpr bool has(size_t number) const { return words_[number / 64] >> number % 64 & 1; }
  constexpr void add(size_t number) { words_[number / 64] |= uint64_t{1} << number % 64; }
  constexpr void remove(size_t number) { words_[number / 64] &= ~(uint64_t{1} << number % 64); }
  constexpr bool empty() const { return *this == BitSet(); }
  constexpr size_t size() const {
    size_t out = 0;
    for (uint64_t word : words_) out += static_cast<size_t>(std::popcount(word));
    return out;
  }

  /// The numbers in their order.
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = size_t;

    Iterator() = default;
    explicit constexpr Iterator(const BitSet& set) : set_(&set), rest_(set.words_[0]) { find_word(); }
    constexpr size_t operator*() const { return 64 * word_ + static_cast<size_t>(std::countr_zero(rest_)); }
    constexpr Iterator& operator++() {
      rest_ &= rest_ - 1;
      find_word();
      return *this;
    }
    constexpr Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;
    constexpr bool operator==(std::default_sentinel_t) const { return rest_ == 0; }

   private:
    constexpr void find_word() {
      while (rest_ == 0 && ++word_ < set_->words_.size()) rest_ = set_->words_[word_];
    }

    const BitSet* set_ = nullptr;
    size_t word_ = 0;
    uint64_t rest_ = 0;
  };
  constexpr Iterator begin() const { return Iterator(*this); }
  static constexpr std::default_sentinel_t end() { return {}; }

  constexpr BitSet& operator&=(const BitSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  constexpr BitSet& operator|=(const BitSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  constexpr BitSet& operator-=(const BitSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
    return *this;
  }
  friend constexpr BitSet operator&(BitSet a, const BitSet& b) { return a &= b; }
  friend constexpr BitSet operator|(BitSet a, const BitSet& b) { return a |= b; }
  friend constexpr BitSet operator-(BitSet a, const BitSet& b) { return a -= b; }
  constexpr bool operator==(const BitSet&) const = default;

 private:
  static_assert(Limit % 64 == 0, "whole words");
  std::array<uint64_t, Limit / 64> words_{};
};

}  // namespace lapwing
