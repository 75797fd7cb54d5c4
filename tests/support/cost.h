// Cost: the CPU that something takes, and how it grows with what it is given.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <ctime>
#include <functional>
#include <limits>
#include <string>

namespace lapwing::test {

/// Times the CPU that twice as much may take: what is quadratic takes four times.
#ifdef __SANITIZE_ADDRESS__
inline constexpr double kSlower = 20, kDoubled = 3;
#else
inline constexpr double kSlower = 1, kDoubled = 2.5;
#endif

/// CPU seconds of this thread.
inline double cost_once(const std::function<void()>& run) {
  timespec begin{}, end{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
  run();
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
  return static_cast<double>(end.tv_sec - begin.tv_sec) + static_cast<double>(end.tv_nsec - begin.tv_nsec) * 1e-9;
}

/// CPU seconds of the fastest of some runs: other work on the machine only adds.
inline double cost(const std::function<void()>& run, int times = 15) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < times; ++i) best = std::min(best, cost_once(run));
  return best;
}

/// Times the CPU that a doubling takes, from half of `n` to twice `n`: over two doublings 4 and 16 lie farther apart
/// than a busy machine moves them. Both run in turn, so that what disturbs one disturbs the other; an attempt that
/// looks bad is made again, as what is quadratic is so in each.
inline double growth(const std::function<std::function<void()>(size_t n)>& make, size_t n) {
  const auto half = make(n / 2), twice = make(2 * n);
  double least = std::numeric_limits<double>::max();
  for (int attempt = 0; attempt < 8 && least >= kDoubled; ++attempt) {
    double little = std::numeric_limits<double>::max(), much = little;
    for (int i = 0; i < 9; ++i) {
      little = std::min(little, cost_once(half));
      much = std::min(much, cost_once(twice));
    }
    least = std::min(least, std::sqrt(much / little));
  }
  return least;
}

inline std::string repeated(size_t n, const std::function<std::string(size_t)>& element) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += element(i);
  return out;
}

}  // namespace lapwing::test
