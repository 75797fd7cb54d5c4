// Dice: the same random numbers everywhere.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace lapwing::test {

/// Numbers that do not depend on the standard library's distributions.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  uint64_t below(uint64_t n) { return engine_() % n; }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low + 1)));
  }
  bool percent(uint64_t share) { return below(100) < share; }
  template <class T>
  const T& any(const std::vector<T>& of) {
    return of[below(of.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace lapwing::test
