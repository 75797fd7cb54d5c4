#include "sensor/base/decimal.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace lapwing {
namespace {

std::string written(uint64_t number) {
  std::string text(kDecimalSize + 1, '#');
  text.resize(static_cast<size_t>(write_decimal(number, text.data()) - text.data()));
  return text;
}

TEST(DecimalTest, EveryNumberOfDigits) {
  for (uint64_t number = 0; number < 20'000; ++number) ASSERT_EQ(written(number), std::to_string(number));
  for (uint64_t power = 1;; power *= 10) {
    for (uint64_t number : {power - 1, power, power + 1}) ASSERT_EQ(written(number), std::to_string(number));
    if (power > std::numeric_limits<uint64_t>::max() / 10) break;
  }
  EXPECT_EQ(written(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
}

TEST(DecimalTest, AnyNumber) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t number = random() >> random() % 64;
    ASSERT_EQ(written(number), std::to_string(number));
  }
}

}  // namespace
}  // namespace lapwing
