// Cost: the CPU that a look at a message takes.
#pragma once

#include <algorithm>
#include <ctime>
#include <functional>
#include <limits>
#include <string>

namespace lapwing::test {

#ifdef __SANITIZE_ADDRESS__
inline constexpr double kSlower = 20;
#else
inline constexpr double kSlower = 1;
#endif

/// CPU seconds of the fastest of some runs: other work on the machine only adds.
inline double cost(const std::function<void()>& run, int times = 15) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < times; ++i) {
    timespec begin{}, end{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    run();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    best = std::min(
        best, static_cast<double>(end.tv_sec - begin.tv_sec) + static_cast<double>(end.tv_nsec - begin.tv_nsec) * 1e-9);
  }
  return best;
}

inline std::string repeated(size_t n, const std::function<std::string(size_t)>& element) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += element(i);
  return out;
}

}  // namespace lapwing::test
