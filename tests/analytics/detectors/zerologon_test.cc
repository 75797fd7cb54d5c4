#include "analytics/detectors/zerologon.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/analytics/detectors/operation_scene.h"

namespace lapwing::analytics {
namespace {

using test::kAuthenticate;
using test::level;
using test::names;
using test::OperationScene;
using test::says;

constexpr uint16_t kPasswordSet = 30;

std::vector<Behaviour> guesses(const OperationScene& scene) {
  return scene.found<Zerologon>();
}

TEST(ZerologonTest, LoginsOfMachinesThatAreGuessed) {
  const auto guess = [](int times, double every, Outcome outcome) {
    OperationScene scene;
    for (int i = 0; i < times; ++i) scene.at(every * i).call("netlogon", kAuthenticate, {}, outcome);
    return scene;
  };
  const auto many = guesses(guess(20, 0.4, Outcome::failure));
  ASSERT_FALSE(many.empty());
  EXPECT_EQ(many.front().severity, 90);
  EXPECT_EQ(level(many.front()), FindingLevel::medium) << "five";
  EXPECT_TRUE(names(many.front(), "T1210"));
  EXPECT_GE(level(guesses(guess(400, 0.1, Outcome::failure)).back()), FindingLevel::high) << "hundreds";
  EXPECT_FALSE(guesses(guess(6, 1, Outcome::unknown)).empty()) << "sealed";
  EXPECT_TRUE(guesses(guess(4, 1, Outcome::failure)).empty()) << "its password has changed";
  EXPECT_TRUE(guesses(guess(20, 20, Outcome::failure)).empty()) << "again and again";
  EXPECT_TRUE(guesses(guess(20, 0.1, Outcome::success)).empty()) << "many machines behind an address";

  OperationScene scene = guess(20, 0.4, Outcome::failure);
  const auto reset = guesses(scene.at(9).call("netlogon", kPasswordSet));
  EXPECT_EQ(reset.back().severity, 98);
  EXPECT_TRUE(says(reset.back(), R"("password_set":true)")) << reset.back().evidence;
  EXPECT_TRUE(guesses(OperationScene().call("netlogon", kPasswordSet)).empty()) << "each month";
}

}  // namespace
}  // namespace lapwing::analytics
