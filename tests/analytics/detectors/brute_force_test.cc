#include "analytics/detectors/brute_force.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

TEST_F(BruteForceTest, RemoteDesktopsThatShowNoScreen) {
  struct Row {
    std::string_view what;
    uint64_t asked, answered;
    double seconds;
    bool guessing;
  };
  constexpr Row kRows[] = {
      {"refused", 1200, 1600, 2, true},
      {"only looked at", 300, 1300, 2, false},
      {"a screen", 4000, 60'000, 20, false},
      {"what is left of a long one", 1200, 1600, 100, false},
  };
  for (const Row& row : kRows) {
    Scene scene;
    for (int i = 0; i < 20; ++i) {
      FlowRef flow = scene.at(120 * i).flow({"198.51.100.7", "10.0.0.9", 3389});
      flow.protocol = "rdp";
      scene.at(120 * i + row.seconds);
      scene.tell(flow, {.moment = FlowMoment::closed, .bytes = {row.asked, row.answered}, .all_packets = {9, 9}});
    }
    EXPECT_EQ(!scene.found(*detector<BruteForce>().read(OptionSource())).empty(), row.guessing) << row.what;
  }
}

TEST_F(BruteForceTest, WhoSendsTheSamePasswordForEverHasItStored) {
  for (const bool guesses : {false, true}) {
    Scene scene;
    std::vector<std::string> secrets;
    for (int i = 0; i < 30; ++i) secrets.push_back("secret" + std::to_string(guesses ? i : i / 15));
    for (int i = 0; i < 30; ++i) {
      FlowRef flow = scene.at(60 * i).flow({"10.0.0.1", "10.0.0.9", 80});
      flow.protocol = "http";
      scene.login(flow, {.outcome = Outcome::failure, .clear = true, .secret = secrets[static_cast<size_t>(i)]});
    }
    const auto all = scene.found(*detector<BruteForce>().read(OptionSource()));
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back().severity, guesses ? 65 : 20);
  }
}

TEST_F(BruteForceTest, WhoTriesOneAccountWithPatienceMayHaveAnOldPassword) {
  const auto severity = [](double pause, int users, std::string client) {
    Scene scene;
    for (int i = 0; i < 40; ++i) {
      FlowRef flow = scene.at(pause * i).flow({client, "10.0.0.9", 445});
      flow.protocol = "smb";
      scene.login(flow, {.user = "user" + std::to_string(i % users), .outcome = Outcome::failure});
    }
    const auto all = scene.found(*detector<BruteForce>().read(OptionSource()));
    return all.empty() ? 0 : int{all.back().severity};
  };
  EXPECT_EQ(severity(60, 1, "10.0.0.1"), 35);
  EXPECT_EQ(severity(1, 1, "10.0.0.1"), 65);
  EXPECT_EQ(severity(60, 40, "10.0.0.1"), 65);
  EXPECT_EQ(severity(60, 1, "198.51.100.1"), 50);
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

TEST_F(BruteForceTest, ManyServersTriedOnceAreASpray) {
  for (int i = 1; i <= 8; ++i) attempt(i, "10.0.0.1", "admin", Outcome::failure, "10.0.1." + std::to_string(i));
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front().subject, "10.0.0.1");
  EXPECT_EQ(all.front().objects.size(), 8U);
  EXPECT_TRUE(names(all.front(), "T1110.003"));
}

TEST_F(BruteForceTest, NorIsWhoGetsIntoMostServers) {
  for (int i = 1; i <= 20; ++i) {
    const std::string server = "10.0.1." + std::to_string(i);
    attempt(i, "10.0.0.1", "anna", i % 2 == 0 ? Outcome::failure : Outcome::success, server);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(BruteForceTest, ManyClientsOutsideThatTryOneAccount) {
  for (int i = 1; i <= 8; ++i) fail(i, "198.51.100." + std::to_string(i), "admin");
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front().objects, std::vector<std::string>{"10.0.0.9:21"});
  EXPECT_NE(all.front().evidence.find(R"("clients":8)"), std::string::npos) << all.front().evidence;
}

TEST_F(BruteForceTest, NorAreManyWhoMistypeTheirOwn) {
  for (int i = 1; i <= 20; ++i) fail(i, "198.51.100." + std::to_string(i), "user" + std::to_string(i));
  // A service inside whose password was changed runs everywhere.
  for (int i = 1; i <= 20; ++i) fail(i, "10.0.2." + std::to_string(i), "backup");
  EXPECT_TRUE(found().empty());
}

TEST_F(BruteForceTest, WhatASecondHoldsIsBounded) {
  for (int i = 0; i < 20'000; ++i) {
    fail(1, "198.51." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250), "user" + std::to_string(i));
  }
  const auto told = scene_.told(*detector<BruteForce>().read(OptionSource()));
  EXPECT_EQ(told.use.overflow, 20'000U - BruteForce::Delta::kMostSums);
}

TEST_F(BruteForceTest, WhatLiesFarApartDoesNotAddUp) {
  for (int i = 0; i < 40; ++i) fail(3600.0 * i, "10.0.0.1", "backup");
  EXPECT_TRUE(found().empty());
}

}  // namespace
}  // namespace lapwing::analytics
