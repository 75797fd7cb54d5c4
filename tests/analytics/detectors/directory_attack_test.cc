#include "analytics/detectors/directory_attack.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dissectors/protocols/krb5/krb5.h"
#include "tests/analytics/detectors/operation_scene.h"

namespace lapwing::analytics {
namespace {

using test::kAuthenticate;
using test::level;
using test::names;
using test::OperationScene;
using test::says;

constexpr uint16_t kBind = 0, kReplicate = 3, kUpdateRefs = 4, kReplicaAdd = 5, kCrackNames = 12;

std::vector<Behaviour> attacks(const OperationScene& scene) {
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
  const auto all = attacks(OperationScene().call("drsuapi", kCrackNames).at(1).call("drsuapi", kReplicate));
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
  const auto all = attacks(scene);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(level(all.back()), FindingLevel::info);
  EXPECT_TRUE(says(all.back(), R"("from_controller":true)")) << all.back().evidence;
  EXPECT_TRUE(attacks(OperationScene().call("drsuapi", kBind).call("drsuapi", kCrackNames)).empty()) << "a log-on";
  EXPECT_TRUE(attacks(OperationScene().call("drsuapi", kReplicate, {}, Outcome::failure)).empty()) << "refused";
}

TEST(DirectoryAttackTest, ControllersWhoseClientsAreNotSeenKnowEachOther) {
  constexpr uint16_t kSync = 2;
  const auto severity = [](uint16_t back, bool forged) {
    OperationScene scene;
    if (forged) scene.call("drsuapi", kReplicaAdd);
    scene.between("10.0.0.9", "10.0.0.5").call("drsuapi", back);
    scene.at(3).between("10.0.0.5", "10.0.0.9").call("drsuapi", kReplicate);
    for (const Behaviour& of : attacks(scene)) {
      if (of.subject == "10.0.0.5" && says(of, R"("dcsync")")) return static_cast<int>(of.severity);
    }
    return 0;
  };
  EXPECT_EQ(severity(kSync, false), 15) << "it was told that there is something new";
  EXPECT_EQ(severity(kReplicate, false), 15);
  EXPECT_EQ(severity(kSync, true), 95) << "who entered itself as a controller is told as well";
  EXPECT_EQ(severity(kBind, false), 95);
}

TEST(DirectoryAttackTest, AForgedDomainController) {
  OperationScene scene;
  controller(scene).at(5).call("drsuapi", kReplicaAdd).at(7).between("10.0.0.9", "10.0.0.5").call("drsuapi", 3);
  const auto all = attacks(scene);
  const auto shadow = std::ranges::find_if(all, [](const Behaviour& of) { return says(of, "dcshadow"); });
  ASSERT_NE(shadow, all.end());
  EXPECT_EQ(shadow->severity, 95);
  EXPECT_TRUE(names(*shadow, "T1207"));
}

TEST(DirectoryAttackTest, AServerIsMadeToLogIn) {
  constexpr uint16_t kOpenFile = 0, kNotification = 65;
  const auto back = [](std::string_view interface, uint16_t number, bool at_controller, double after) {
    OperationScene scene;
    if (at_controller) controller(scene);
    if (after < 0) scene.at(100 + after).session("10.0.0.9", "10.0.0.5", 445);
    scene.at(100).between("10.0.0.5", "10.0.0.9").call(interface, number, {}, Outcome::failure);
    if (after > 0) scene.at(100 + after).session("10.0.0.9", "10.0.0.5", 445);
    const auto all = attacks(scene);
    return all.empty() ? "" : std::string(name(level(all.back())));
  };
  EXPECT_EQ(back("efs", kOpenFile, false, 2), "high");
  EXPECT_EQ(back("efs", kOpenFile, false, -2), "high") << "what it is answered when it has tried";
  EXPECT_EQ(back("efs", kOpenFile, false, 0), "medium");
  EXPECT_EQ(back("efs", kOpenFile, false, 60), "medium") << "for another reason";
  EXPECT_EQ(back("efs", kOpenFile, false, -60), "medium") << "for another reason";
  EXPECT_EQ(back("spoolss", kNotification, true, 2), "medium");
  EXPECT_EQ(back("spoolss", kNotification, false, 2), "low") << "as print servers do";
  EXPECT_EQ(back("spoolss", kNotification, false, 0), "") << "a printer is watched";
  OperationScene scene;
  EXPECT_TRUE(attacks(scene.session("10.0.0.9", "10.0.0.5", 445)).empty());
}

TEST(DirectoryAttackTest, EntriesThatAreWrittenTo) {
  const auto write = [](std::string_view operation, std::string_view object) {
    OperationScene scene;
    scene.operation(scene.flow({"10.0.0.5", "10.0.0.9", 389}),
                    {.interface = "ldap", .operation = operation, .object = object, .outcome = Outcome::success});
    return attacks(scene);
  };
  const auto key = write("modify", "CN=DC1,OU=Domain Controllers,DC=a?description,msDS-KeyCredentialLink");
  ASSERT_FALSE(key.empty());
  EXPECT_TRUE(says(key.back(), R"("account-key")")) << key.back().evidence;
  const auto shadow = write("add", "CN=NTDS Settings,CN=X,CN=Servers,CN=S,CN=Sites,CN=Configuration,DC=a");
  ASSERT_FALSE(shadow.empty());
  EXPECT_TRUE(names(shadow.back(), "T1207"));
  EXPECT_TRUE(write("modify", "CN=anna,DC=a?description,lastLogon").empty());
  EXPECT_TRUE(write("add", "CN=X,CN=Computers,DC=a").empty());
}

TEST(DirectoryAttackTest, EachVerdictHasItsTechnique) {
  const struct {
    std::string_view interface;
    uint16_t number;
    std::string_view verdict, technique, level;
  } kRows[] = {
      {"samr", 58, "account-change", "T1098", "low"},       {"samr", 22, "member-add", "T1098", "low"},
      {"lsarpc", 43, "secret-read", "T1003.004", "medium"}, {"winreg", 20, "hive-save", "T1003.002", "medium"},
      {"lsarpc", 30, "secret-read", "T1003.004", "medium"}, {"lsarpc", 29, "account-change", "T1098", "low"},
      {"spoolss", 89, "print-driver", "T1210", "low"},      {"IRemoteWinspool", 39, "print-driver", "T1210", "low"},
      {"eventlog", 0, "log-clear", "T1070.001", "medium"},  {"even6", 6, "log-clear", "T1070.001", "medium"},
      {"eventlog", 8, "log-write", "T1070.001", "info"},    {"bkrp", 0, "key-backup", "T1555", "info"},
      {"fsrvp", 8, "forced-auth", "T1187", "medium"},       {"netdfs", 13, "forced-auth", "T1187", "medium"},
      {"eventlog", 9, "forced-auth", "T1187", "medium"},    {"eventlog", 16, "forced-auth", "T1187", "medium"},
  };
  for (const auto& row : kRows) {
    const auto all = attacks(OperationScene().call(row.interface, row.number));
    ASSERT_FALSE(all.empty()) << row.verdict;
    EXPECT_TRUE(says(all.back(), row.verdict)) << all.back().evidence;
    EXPECT_TRUE(names(all.back(), row.technique)) << row.verdict;
    EXPECT_EQ(name(level(all.back())), row.level) << row.verdict;
  }
}

// Kerberos.

constexpr int32_t kAes = 18, kRc4 = 23, kTimestamp = 2, kPac = 128;

kerberos::Principal principal(std::string_view text) {
  kerberos::Principal out;
  out.text = text;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') out.ends.push_back(static_cast<uint32_t>(i));
  }
  out.ends.push_back(static_cast<uint32_t>(text.size()));
  return out;
}

struct Request {
  std::vector<int32_t> encryptions, preauthentication;
  std::string_view account = {};
};

class KdcScene : public OperationScene {
 public:
  KdcScene& at(double seconds) {
    OperationScene::at(seconds);
    return *this;
  }
  /// What a KDC says of `request`.
  KdcScene& say(kerberos::Message message, const Request& request) {
    const FlowRef of = flow({client, "10.0.0.9", 88});
    const auto asked = std::make_shared<kerberos::Message>();
    asked->type = message.type == kerberos::Type::tgs_reply ? kerberos::Type::tgs_request : kerberos::Type::as_request;
    asked->encryptions = request.encryptions;
    asked->preauthentication = request.preauthentication;
    asked->client = principal(request.account);
    const auto tx = std::make_shared<krb5::MessageTransaction>();
    tx->message = std::move(message);
    tx->request = asked.get();
    show(pair(of.client, of.server), [of, asked, tx, time = now()](AnyLocal& local, uint32_t) {
      const Event event{.protocol = &krb5::Krb5::protocol,
                        .tx = tx.get(),
                        .direction = Direction::to_client,
                        .record = krb5::records().data()};
      local.event({event, &of, time, of.client, of.server});
    });
    return *this;
  }
  KdcScene& ticket(std::string_view service, int32_t encryption, const std::vector<int32_t>& wanted) {
    kerberos::Message out{.type = kerberos::Type::tgs_reply, .encryption = kAes};
    out.client = principal("anna");
    out.service = out.ticket.service = principal(service);
    out.ticket.encryption = encryption;
    return say(std::move(out), {wanted, {1}});
  }
  KdcScene& login(std::string_view account, int32_t encryption, const std::vector<int32_t>& wanted, bool proven) {
    kerberos::Message out{.type = kerberos::Type::as_reply, .encryption = encryption};
    out.client = principal(account);
    out.service = out.ticket.service = principal("krbtgt/A");
    out.ticket.encryption = kAes;
    return say(std::move(out), {wanted, proven ? std::vector{kTimestamp, kPac} : std::vector{kPac}});
  }
  /// Whose account it is, the request says alone.
  KdcScene& refuse(std::string_view account, int32_t error) {
    kerberos::Message out{.type = kerberos::Type::error};
    out.error = error;
    return say(std::move(out), {{kAes, kRc4}, {kPac}, account});
  }
  std::string client = "10.0.0.5";
};

std::string verdicts(const KdcScene& scene) {
  std::string out;
  for (const Behaviour& of : attacks(scene)) {
    if (of.state == FindingState::open) out += (out.empty() ? "" : " ") + std::string(of.attack.at(0).id);
  }
  return out;
}

TEST(DirectoryAttackTest, TicketsAreGatheredWhosePasswordsCanBeGuessed) {
  KdcScene scene;
  scene.login("anna", kAes, {kAes, kRc4}, true);
  for (const char* service : {"MSSQLSvc/a:1433", "HTTP/b", "svc/c"}) scene.ticket(service, kRc4, {kRc4});
  const auto all = attacks(scene);
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(names(all.back(), "T1558.003"));
  EXPECT_EQ(all.back().confidence, 80);
  EXPECT_EQ(level(all.back()), FindingLevel::medium);
  EXPECT_TRUE(says(all.back(), R"("objects":3)")) << all.back().evidence;

  EXPECT_EQ(level(attacks(KdcScene().login("anna", kAes, {kAes}, true).ticket("HTTP/b", kRc4, {kRc4})).back()),
            FindingLevel::low)
      << "one, which the client would like that weak";
  EXPECT_EQ(verdicts(KdcScene().login("anna", kAes, {kAes}, true).ticket("HTTP/b", kRc4, {kAes, kRc4})), "")
      << "one that has no better key";
  EXPECT_EQ(verdicts(KdcScene().ticket("HTTP/b", kRc4, {kRc4}).ticket("HTTP/c", kRc4, {kRc4})), "")
      << "a domain in which there is nothing better";
  KdcScene machines;
  machines.login("anna", kAes, {kAes, kRc4}, true);
  for (const char* service : {"cifs/a", "HOST/b", "ldap/c", "krbtgt/B", "PC$"}) machines.ticket(service, kRc4, {kRc4});
  EXPECT_EQ(verdicts(machines), "");
  KdcScene strong;
  for (const char* service : {"a/a", "b/b", "c/c", "d/d"}) strong.ticket(service, kAes, {kAes, kRc4});
  EXPECT_EQ(verdicts(strong), "");
  KdcScene slow;
  slow.login("anna", kAes, {kAes, kRc4}, true);
  for (int i = 0; i < 6; ++i) slow.at(400 * i).ticket("svc/" + std::to_string(i), kRc4, {kAes, kRc4});
  EXPECT_EQ(verdicts(slow), "") << "old services, one by one";
}

TEST(DirectoryAttackTest, TicketsOfAccountsByTheirNamesAreGatheredHoweverStrong) {
  KdcScene scene;
  for (const char* account : {"A\\svc-sql", "A\\svc-web", "A\\backup"}) scene.ticket(account, kAes, {kRc4, kAes});
  const auto all = attacks(scene);
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(says(all.back(), R"("kerberoast-strong")")) << all.back().evidence;
  EXPECT_EQ(level(all.back()), FindingLevel::medium);
  KdcScene few, slow;
  for (int i = 0; i < 9; ++i) {
    few.at(i).ticket("anna", kAes, {kAes}).ticket("PC" + std::to_string(i) + "$", kAes, {kAes});
    slow.at(400 * i).ticket("user" + std::to_string(i), kAes, {kAes});
  }
  EXPECT_EQ(verdicts(few), "") << "from user to user, and machines";
  EXPECT_EQ(verdicts(slow), "");
}

TEST(DirectoryAttackTest, RepliesThatAnybodyMayHave) {
  constexpr int32_t kProofRequired = 25, kUnknown = 6;
  EXPECT_EQ(verdicts(KdcScene().login("a", kRc4, {kRc4}, false).login("b", kRc4, {kRc4}, false)), "T1558.004");
  EXPECT_EQ(verdicts(KdcScene().login("a", kRc4, {kRc4}, false)), "") << "a printer";
  EXPECT_EQ(verdicts(KdcScene().login("a", kAes, {kAes}, false).login("b", kAes, {kAes}, false)), "");
  KdcScene tried;
  for (const char* account : {"a", "b", "c"}) tried.refuse(account, kProofRequired);
  EXPECT_EQ(verdicts(tried), "") << "as each login begins";
  EXPECT_EQ(verdicts(tried.at(1).login("d", kRc4, {kRc4}, false)), "T1558.004");
  EXPECT_EQ(verdicts(KdcScene().refuse("a", kUnknown).refuse("b", kUnknown)), "");
}

TEST(DirectoryAttackTest, StrongRepliesThatAnybodyMayHaveCountWhereOthersMustProveThemselves) {
  constexpr int32_t kProofRequired = 25;
  KdcScene scene;
  for (const char* account : {"a", "b", "c"}) scene.refuse(account, kProofRequired);
  scene.at(1).login("d", kAes, {kAes}, false);
  EXPECT_EQ(verdicts(scene), "");
  EXPECT_EQ(verdicts(scene.login("e", kAes, {kAes}, false)), "T1558.004");
}

TEST(DirectoryAttackTest, WhoIsAskedForProofOfManyAccountsAndHasItOfFewListsThem) {
  constexpr int32_t kProofRequired = 25;
  const auto list = [](int accounts, double pause, int proven) {
    KdcScene scene;
    for (int i = 0; i < accounts; ++i) {
      const std::string account = "user" + std::to_string(i);
      scene.at(pause * i).refuse(account, kProofRequired);
      if (i % 10 < proven) scene.at(pause * i + 0.1).login(account, kAes, {kAes, kRc4}, true);
    }
    return verdicts(scene);
  };
  EXPECT_EQ(list(60, 0.1, 0), "T1087.002");
  EXPECT_EQ(list(60, 0.1, 10), "") << "a terminal server in the morning";
  EXPECT_EQ(list(60, 0.1, 8), "") << "with typing errors";
  EXPECT_EQ(list(60, 60, 0), "") << "in an hour";
}

TEST(DirectoryAttackTest, AHashInPlaceOfAPassword) {
  EXPECT_EQ(verdicts(KdcScene().login("admin", kRc4, {kRc4}, true)), "T1550.002");
  EXPECT_EQ(verdicts(KdcScene().login("admin", kRc4, {kAes, kRc4}, true)), "") << "it has no better key";
  EXPECT_EQ(verdicts(KdcScene().login("admin", kAes, {kAes, kRc4}, true)), "");
}

TEST(DirectoryAttackTest, WhoServesKerberosIsADomainController) {
  KdcScene scene;
  for (const char* client : {"10.0.0.6", "10.0.0.7"}) {
    scene.client = client;
    scene.login("anna", kAes, {kAes}, true);
  }
  scene.at(5).between("10.0.0.9", "10.0.0.10").call("drsuapi", kReplicate);
  const auto all = attacks(scene);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(level(all.back()), FindingLevel::info);
}

}  // namespace
}  // namespace lapwing::analytics
