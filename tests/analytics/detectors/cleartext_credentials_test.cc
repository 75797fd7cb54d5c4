#include "analytics/detectors/cleartext_credentials.h"

#include <gtest/gtest.h>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

TEST(CleartextCredentialsTest, IsOneFindingForEachServiceAndTellsNoSecret) {
  Scene scene;
  for (int client = 1; client <= 3; ++client) {
    for (const char* service : {"ftp", "pop3"}) {
      scene.at(client);
      FlowRef flow = scene.flow({"10.0.0." + std::to_string(client), "198.51.100.1", 21});
      flow.protocol = service;
      scene.login(flow, {.user = "user" + std::to_string(client), .outcome = Outcome::failure, .clear = true});
    }
  }
  const auto all = scene.found(*detector<CleartextCredentials>().read(OptionSource()));
  ASSERT_EQ(all.size(), 4u) << "two that open, and are over";
  EXPECT_EQ(all[0].severity, 25) << "it leaves the network";
  EXPECT_EQ(all[2].count, 3u);
  EXPECT_NE(all[2].evidence.find(R"("clients":3,"users":3)"), std::string::npos) << all[2].evidence;
  EXPECT_EQ(all[2].evidence.find("user1"), std::string::npos);
}

TEST(CleartextCredentialsTest, WhatIsHiddenIsNone) {
  Scene scene;
  FlowRef flow = scene.flow({"10.0.0.1", "198.51.100.1", 22});
  flow.protocol = "ssh";
  scene.login(flow, {.outcome = Outcome::success, .guessed = true});
  EXPECT_TRUE(scene.found(*detector<CleartextCredentials>().read(OptionSource())).empty());
}

}  // namespace
}  // namespace lapwing::analytics
