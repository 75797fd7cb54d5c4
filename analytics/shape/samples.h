// Samples: a few of many texts, to be shown.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lapwing::analytics {

/// Those of the N least keyed hashes, cut to Size bytes: which they are depends on the texts alone, so that merging is
/// commutative, associative and idempotent.
template <size_t N, size_t Size>
class Samples {
 public:
  void add(uint64_t hash, std::string_view text) {
    if (used_ == N && hash >= hashes_[N - 1]) return;
    Text cut{};
    std::copy_n(text.begin(), std::min(Size, text.size()), cut.begin());
    insert(hash, cut);
  }
  void merge(const Samples& other) {
    for (size_t i = 0; i < other.used_; ++i) insert(other.hashes_[i], other.texts_[i]);
  }
  template <class Each>
  void walk(Each each) const {
    walk_hashed([&](uint64_t, std::string_view text) { each(text); });
  }
  /// Calls each(hash, text).
  template <class Each>
  void walk_hashed(Each each) const {
    for (size_t i = 0; i < used_; ++i) {
      const auto end = std::find(texts_[i].begin(), texts_[i].end(), '\0');
      each(hashes_[i], std::string_view(texts_[i].data(), static_cast<size_t>(end - texts_[i].begin())));
    }
  }
  bool empty() const { return used_ == 0; }
  bool full() const { return used_ == N; }
  bool has(uint64_t hash) const {
    const auto end = hashes_.begin() + static_cast<std::ptrdiff_t>(used_);
    return std::find(hashes_.begin(), end, hash) != end;
  }
  bool operator==(const Samples&) const = default;

 private:
  using Text = std::array<char, Size>;

  void insert(uint64_t hash, const Text& text) {
    size_t at = 0;
    while (at < used_ && hashes_[at] < hash) ++at;
    if (at == N || (at < used_ && hashes_[at] == hash)) return;
    used_ = std::min(used_ + 1, N);
    for (size_t to = used_ - 1; to > at; --to) {
      hashes_[to] = hashes_[to - 1];
      texts_[to] = texts_[to - 1];
    }
    hashes_[at] = hash;
    texts_[at] = text;
  }

  std::array<uint64_t, N> hashes_{};  // in ascending order
  std::array<Text, N> texts_{};
  size_t used_ = 0;
};

}  // namespace lapwing::analytics
