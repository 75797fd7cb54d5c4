#include "analytics/detectors/brute_force.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

class BruteForceTest : public testing::Test {
 protected:
  void attempt(double time, std::string client, std::string user, Outcome outcome, std::string server = "10.0.0.9") {
    scene_.at(time);
    FlowRef flow = scene_.flow({std::move(client), std::move(server), 21});
    flow.protocol = "ftp";
    scene_.login(flow, {.user = std::move(user), .outcome = outcome, .clear = true});
  }
  void fail(double time, std::string client, std::string user) {
    attempt(time, std::move(client), std::move(user), Outcome::failure);
  }
  std::vector<Behaviour> found() const { return scene_.found(*detector<BruteForce>().read(OptionSource())); }
  static bool names(const Behaviour& behaviour, std::string_view technique) {
    return std::ranges::any_of(behaviour.attack, [&](const Technique& of) { return of.id == technique; });
  }

  Scene scene_;
};

TEST_F(BruteForceTest, ManyFailuresOfOneClient) {
  for (int i = 0; i < 30; ++i) fail(2.0 * i, "10.0.0.1", "root");
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front().subject, "10.0.0.1");
  EXPECT_EQ(all.front().objects, std::vector<std::string>{"10.0.0.9:21"});
  EXPECT_EQ(all.front().count, 10u) << "at the tenth";
  EXPECT_EQ(all.back().count, 30u);
  EXPECT_TRUE(names(all.back(), "T1110.001"));
  EXPECT_FALSE(names(all.back(), "T1078"));
}

TEST_F(BruteForceTest, AFewTypingErrorsAreNone) {
  for (int i = 0; i < 4; ++i) fail(i, "10.0.0.1", "anna");
  attempt(5, "10.0.0.1", "anna", Outcome::success);
  EXPECT_TRUE(found().empty());
}

TEST_F(BruteForceTest, NorIsAnAddressWithManyUsersWhoMostlyGetIn) {
  for (int i = 0; i < 200; ++i) {
    attempt(10 * i, "198.51.100.7", "user" + std::to_string(i % 40), i % 4 == 0 ? Outcome::failure : Outcome::success);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(BruteForceTest, NorWhereSomeOfThemFailInARow) {
  for (int i = 0; i < 40; ++i) attempt(0.5 * i, "10.0.0.1", "user" + std::to_string(i % 3), Outcome::success);
  for (int i = 0; i < 20; ++i) fail(20 + 0.5 * i, "10.0.0.1", "user" + std::to_string(i % 3));
  EXPECT_TRUE(found().empty());
  for (int i = 0; i < 30; ++i) fail(40 + 0.5 * i, "10.0.0.1", "user" + std::to_string(i % 3));
  EXPECT_FALSE(found().empty()) << "no past pays for more than that";
}

TEST_F(BruteForceTest, ManyUsersTriedOnceAreASpray) {
  for (int i = 0; i < 7; ++i) fail(i, "10.0.0.1", "user" + std::to_string(i));
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(names(all.front(), "T1110.003"));
}

TEST_F(BruteForceTest, OneThatGetsInAtLastIsTheWorst) {
  for (int i = 0; i < 12; ++i) fail(i, "10.0.0.1", "admin");
  attempt(20, "10.0.0.1", "admin", Outcome::success);
  const auto all = found();
  ASSERT_GE(all.size(), 2u);
  const Behaviour& last = all.back();
  EXPECT_EQ(last.severity, 85);
  EXPECT_TRUE(names(last, "T1078"));
  EXPECT_NE(last.evidence.find(R"("user_in":"admin")"), std::string::npos) << last.evidence;
}

TEST_F(BruteForceTest, WhatLiesFarApartDoesNotAddUp) {
  for (int i = 0; i < 40; ++i) fail(3600.0 * i, "10.0.0.1", "backup");
  EXPECT_TRUE(found().empty());
}

}  // namespace
}  // namespace lapwing::analytics
