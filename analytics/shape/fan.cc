#include "analytics/shape/fan.h"

#include <cmath>

namespace lapwing::analytics {
namespace {

/// Both series end when a double no longer sees the next term; arithmetic and square roots alone, which IEEE 754 rounds
/// alike everywhere.
double sigma(double x) {
  double y = 1, sum = x;
  for (double before = -1; sum != before; y += y) {
    before = sum;
    x *= x;
    sum += x * y;
  }
  return sum;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, sum = 1 - x;
  for (double before = -1; sum != before;) {
    before = sum;
    x = std::sqrt(x);
    y *= 0.5;
    sum -= (1 - x) * (1 - x) * y;
  }
  return sum / 3;
}

}  // namespace

uint32_t estimate(std::span<const uint32_t> counts) {
  constexpr double kMost = 1U << 24;  // values that can be told apart
  double registers = 0;
  for (uint32_t count : counts) registers += count;
  if (counts.front() == registers) return 0;
  double sum = registers * tau(1 - counts.back() / registers);
  for (size_t value = counts.size() - 2; value > 0; --value) sum = 0.5 * (sum + counts[value]);
  sum += registers * sigma(counts.front() / registers);
  constexpr double kHalfByLn2 = 0.72134752044448170368;
  return static_cast<uint32_t>(std::min(kMost, kHalfByLn2 * registers * registers / sum + 0.5));
}

}  // namespace lapwing::analytics
