#include "analytics/detectors/directory_attack.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/analytics/detectors/operation_scene.h"

namespace lapwing::analytics {
namespace {

using test::level;
using test::names;
using test::OperationScene;
using test::says;

constexpr uint16_t kBind = 0, kReplicate = 3, kUpdateRefs = 4, kReplicaAdd = 5, kCrackNames = 12;
constexpr uint16_t kAuthenticate = 26, kPasswordSet = 30;

std::vector<Behaviour> found(const OperationScene& scene) {
  return scene.found<DirectoryAttack>();
}
/// "10.0.0.9" logs machines in.
OperationScene& controller(OperationScene& scene, const std::string& server = "10.0.0.9") {
  for (int i = 1; i <= 3; ++i) {
    scene.between("10.0.2." + std::to_string(i), server).call("netlogon", kAuthenticate);
  }
  return scene.between("10.0.0.5", server);
}

TEST(DirectoryAttackTest, SecretsAreReplicatedToAHost) {
  const auto all = found(OperationScene().call("drsuapi", kCrackNames).at(1).call("drsuapi", kReplicate));
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "10.0.0.5");
  EXPECT_EQ(all.back().severity, 95);
  EXPECT_EQ(all.back().confidence, 90);
  EXPECT_TRUE(names(all.back(), "T1003.006"));
  EXPECT_TRUE(says(all.back(), R"("beside":["crack-names"])")) << all.back().evidence;
}

TEST(DirectoryAttackTest, AmongDomainControllersThatIsToBeExpected) {
  OperationScene scene;
  controller(scene, "10.0.0.5");
  scene.at(10).between("10.0.0.5", "10.0.0.9").call("drsuapi", kReplicate).call("drsuapi", kUpdateRefs);
  const auto all = found(scene);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(level(all.back()), FindingLevel::info);
  EXPECT_TRUE(says(all.back(), R"("from_controller":true)")) << all.back().evidence;
  EXPECT_TRUE(found(OperationScene().call("drsuapi", kBind).call("drsuapi", kCrackNames)).empty()) << "a log-on";
  EXPECT_TRUE(found(OperationScene().call("drsuapi", kReplicate, {}, Outcome::failure)).empty()) << "refused";
}

TEST(DirectoryAttackTest, AForgedDomainController) {
  OperationScene scene;
  controller(scene).at(5).call("drsuapi", kReplicaAdd).at(7).between("10.0.0.9", "10.0.0.5").call("drsuapi", 3);
  const auto all = found(scene);
  const auto shadow = std::ranges::find_if(all, [](const Behaviour& of) { return says(of, "dcshadow"); });
  ASSERT_NE(shadow, all.end());
  EXPECT_EQ(shadow->severity, 95);
  EXPECT_TRUE(names(*shadow, "T1207"));
}

TEST(DirectoryAttackTest, LoginsOfMachinesThatAreGuessed) {
  const auto guess = [](int times, double every, Outcome outcome) {
    OperationScene scene;
    for (int i = 0; i < times; ++i) scene.at(every * i).call("netlogon", kAuthenticate, {}, outcome);
    return scene;
  };
  const auto many = found(guess(20, 0.4, Outcome::failure));
  ASSERT_FALSE(many.empty());
  EXPECT_EQ(many.front().severity, 90);
  EXPECT_EQ(level(many.front()), FindingLevel::medium) << "five";
  EXPECT_TRUE(names(many.front(), "T1210"));
  EXPECT_GE(level(found(guess(400, 0.1, Outcome::failure)).back()), FindingLevel::high) << "hundreds";
  EXPECT_FALSE(found(guess(6, 1, Outcome::unknown)).empty()) << "sealed";
  EXPECT_TRUE(found(guess(4, 1, Outcome::failure)).empty()) << "its password has changed";
  EXPECT_TRUE(found(guess(20, 20, Outcome::failure)).empty()) << "again and again";
  EXPECT_TRUE(found(guess(20, 0.1, Outcome::success)).empty()) << "many machines behind an address";

  OperationScene scene = guess(20, 0.4, Outcome::failure);
  const auto reset = found(scene.at(9).call("netlogon", kPasswordSet));
  EXPECT_EQ(reset.back().severity, 98);
  EXPECT_TRUE(says(reset.back(), "password-set")) << reset.back().evidence;
  EXPECT_TRUE(found(OperationScene().call("netlogon", kPasswordSet)).empty()) << "each month";
}

TEST(DirectoryAttackTest, AServerIsMadeToLogIn) {
  constexpr uint16_t kOpenFile = 0, kNotification = 65;
  const auto back = [](std::string_view interface, uint16_t number, bool at_controller, double after) {
    OperationScene scene;
    if (at_controller) controller(scene);
    scene.at(100).between("10.0.0.5", "10.0.0.9").call(interface, number, {}, Outcome::failure);
    if (after > 0) scene.at(100 + after).session("10.0.0.9", "10.0.0.5", 445);
    const auto all = found(scene);
    return all.empty() ? "" : std::string(name(level(all.back())));
  };
  EXPECT_EQ(back("efs", kOpenFile, false, 2), "high");
  EXPECT_EQ(back("efs", kOpenFile, false, 0), "medium");
  EXPECT_EQ(back("efs", kOpenFile, false, 60), "medium") << "for another reason";
  EXPECT_EQ(back("spoolss", kNotification, true, 2), "medium");
  EXPECT_EQ(back("spoolss", kNotification, false, 2), "low") << "as print servers do";
  EXPECT_EQ(back("spoolss", kNotification, false, 0), "") << "a printer is watched";
  OperationScene scene;
  EXPECT_TRUE(found(scene.session("10.0.0.9", "10.0.0.5", 445)).empty());
}

TEST(DirectoryAttackTest, EachVerdictHasItsTechnique) {
  const struct {
    std::string_view interface;
    uint16_t number;
    std::string_view verdict, technique, level;
  } kRows[] = {
      {"samr", 58, "account-change", "T1098", "low"},       {"samr", 22, "member-add", "T1098", "low"},
      {"lsarpc", 43, "secret-read", "T1003.004", "medium"}, {"winreg", 20, "hive-save", "T1003.002", "medium"},
      {"spoolss", 89, "print-driver", "T1210", "low"},      {"IRemoteWinspool", 39, "print-driver", "T1210", "low"},
      {"eventlog", 0, "log-clear", "T1070.001", "medium"},  {"even6", 6, "log-clear", "T1070.001", "medium"},
      {"eventlog", 8, "log-write", "T1070.001", "info"},    {"bkrp", 0, "key-backup", "T1555", "info"},
      {"fsrvp", 8, "forced-auth", "T1187", "medium"},       {"netdfs", 13, "forced-auth", "T1187", "medium"},
  };
  for (const auto& row : kRows) {
    const auto all = found(OperationScene().call(row.interface, row.number));
    ASSERT_FALSE(all.empty()) << row.verdict;
    EXPECT_TRUE(says(all.back(), row.verdict)) << all.back().evidence;
    EXPECT_TRUE(names(all.back(), row.technique)) << row.verdict;
    EXPECT_EQ(name(level(all.back())), row.level) << row.verdict;
  }
}

}  // namespace
}  // namespace lapwing::analytics
