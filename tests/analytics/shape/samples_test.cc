#include "analytics/shape/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/analytics/shape/laws.h"

namespace lapwing::analytics {
namespace {

template <size_t N, size_t Size>
std::vector<std::string> texts(const Samples<N, Size>& samples) {
  std::vector<std::string> out;
  samples.walk([&](std::string_view text) { out.emplace_back(text); });
  return out;
}

TEST(Samples, KeepThoseOfTheLeastHashesOnce) {
  Samples<3, 4> samples;
  EXPECT_TRUE(samples.empty());
  for (uint64_t hash : {50, 20, 90, 20, 10, 70}) samples.add(hash, "text " + std::to_string(hash));
  EXPECT_THAT(texts(samples), testing::ElementsAre("text", "text", "text"));
  Samples<3, 9> longer;
  for (uint64_t hash : {50, 20, 90, 20, 10, 70}) longer.add(hash, "text " + std::to_string(hash));
  EXPECT_THAT(texts(longer), testing::ElementsAre("text 10", "text 20", "text 50"));
}

TEST(Samples, ObeyTheLawOfTheDelta) {
  expect_law_of_delta<Samples<4, 16>>(300, [](Samples<4, 16>& samples, size_t i) {
    samples.add(std::mt19937_64(i % 40)(), "name" + std::to_string(i % 40));
  });
}

}  // namespace
}  // namespace lapwing::analytics
