// Draws: numbers from a seed. The same on every machine, unlike the distributions of the standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string_view>

namespace lapwing::verify {

class Draws {
 public:
  /// The stream of one number under a seed: neighbours share nothing.
  explicit Draws(uint64_t seed, uint64_t number = 0) : state_(seed) {
    state_ = next() ^ (number * 0x9e3779b97f4a7c15);
    next();
  }

  uint64_t next() {  // splitmix64
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// 0 <= x < n; 0 when n is 0.
  size_t below(size_t n) { return n ? static_cast<size_t>(next() % n) : 0; }
  size_t between(size_t least, size_t most) { return least + below(most - least + 1); }
  bool chance(unsigned percent) { return below(100) < percent; }

  template <class List>
  const auto& pick(const List& list) {
    return *std::next(std::begin(list), static_cast<std::ptrdiff_t>(below(std::size(list))));
  }
  std::string_view pick(std::initializer_list<std::string_view> list) { return *(list.begin() + below(list.size())); }
  int pick(std::initializer_list<int> list) { return *(list.begin() + below(list.size())); }

 private:
  uint64_t state_;
};

}  // namespace lapwing::verify
