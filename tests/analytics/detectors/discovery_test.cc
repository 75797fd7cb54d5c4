#include "analytics/detectors/discovery.h"

#include <gtest/gtest.h>

#include <string>

#include "analytics/detectors/directory_query.h"
#include "tests/analytics/detectors/dns_scene.h"
#include "tests/analytics/detectors/operation_scene.h"

namespace lapwing::analytics {
namespace {

using test::level;
using test::names;
using test::OperationScene;
using test::says;

TEST(DirectoryQueryTest, IsWhatTheFilterIsAfter) {
  using Q = DirectoryQuery;
  const struct {
    std::string_view search;
    Q query;
  } kRows[] = {
      {"DC=a,DC=b??sub?(&(objectClass=user)(servicePrincipalName=*)(!(objectClass=computer)))", Q::services},
      {"DC=a??sub?(&(samAccountType=805306368)(servicePrincipalName=*))", Q::services},
      {"DC=a??sub?(adminCount=1)", Q::privileged},
      {"DC=a??sub?(userAccountControl:1.2.840.113556.1.4.803:=4194304)", Q::unprotected},
      {"DC=a??sub?(samAccountType=805306368)", Q::users},
      {"DC=a??sub?(&(objectClass=user)(objectCategory=person))", Q::users},
      {"DC=a??sub?(objectCategory=user)", Q::users},
      {"DC=a??sub?(&(objectCategory=computer)(msLAPS-Password=*))", Q::unprotected},
      {"DC=a??sub?(objectClass=msDS-GroupManagedServiceAccount)", Q::unprotected},
      {"DC=a??sub?(objectClass=group)", Q::groups},
      {"DC=a??sub?(objectCategory=computer)", Q::computers},
      {"DC=a??sub?(objectClass=trustedDomain)", Q::trusts},
      {"DC=a??sub?(objectClass=*)", Q::all},
      // What hosts look for as somebody logs in.
      {"??base?(objectClass=*)", Q::none},
      {"??base?(&(DnsDomain=a.b)(Host=X)(NtVer=\\16\\00\\00\\00))", Q::none},
      {"DC=a??base?(objectClass=*)", Q::none},
      {"DC=a??sub?(&(objectClass=user)(sAMAccountName=anna))", Q::none},
      {"DC=a??sub?(&(objectCategory=person)(objectGUID=\\01))", Q::none},
      {"CN=Policies,DC=a??one?(objectClass=groupPolicyContainer)", Q::none},
      {"DC=a??sub?(servicePrincipalName=HOST/x)", Q::none},
      {"", Q::none},
      {"DC=a", Q::none},
      {"DC=a??sub", Q::none},
  };
  for (const auto& [search, query] : kRows) EXPECT_EQ(query_of(search), query) << search;
}

std::string_view state(const std::vector<Behaviour>& found) {
  return found.empty() ? "" : name(level(found.back()));
}

TEST(DiscoveryTest, IsALadderOfDifferentThings) {
  OperationScene scene;
  scene.call("srvsvc", 15);
  EXPECT_EQ(state(scene.found<Discovery>()), "info") << "as who opens a server's shares does";
  for (int i = 0; i < 50; ++i) scene.call("srvsvc", 15);
  EXPECT_EQ(state(scene.found<Discovery>()), "info") << "however often";
  scene.at(5).call("samr", 13).at(6).call("samr", 47);
  EXPECT_EQ(state(scene.found<Discovery>()), "low");
  scene.at(7).call("srvsvc", 12).call("samr", 25).call("epmapper", 2);
  const auto found = scene.found<Discovery>();
  EXPECT_EQ(state(found), "medium");
  EXPECT_EQ(found.back().subject, "10.0.0.5");
  EXPECT_EQ(found.back().objects, std::vector<std::string>{"10.0.0.9:445"});
  EXPECT_TRUE(names(found.back(), "T1087") && names(found.back(), "T1135") && names(found.back(), "T1033"));
  EXPECT_TRUE(says(found.back(), R"("kinds":6)")) << found.back().evidence;
}

TEST(DiscoveryTest, TasksAreToldAsServicesAre) {
  for (const std::string_view interface : {"ITaskSchedulerService", "atsvc"}) {
    const auto found = OperationScene().call(interface, interface == "atsvc" ? 2 : 7).found<Discovery>();
    EXPECT_EQ(state(found), "info") << interface;
    EXPECT_TRUE(names(found.back(), "T1007")) << interface;
  }
}

TEST(DiscoveryTest, WhatHostsAskForByThemselvesIsNone) {
  OperationScene scene;
  scene.call("lsarpc", 15).call("lsarpc", 68).call("netlogon", 40).call("samr", 17).call("samr", 36);
  scene.call("wkssvc", 0).call("srvsvc", 21).call("netlogon", 26).call("drsuapi", 12).call("epmapper", 3);
  scene.search("??base?(objectClass=*)").search("CN=x,DC=a??sub?(&(objectClass=user)(sAMAccountName=anna))");
  EXPECT_TRUE(scene.found<Discovery>().empty());
}

TEST(DiscoveryTest, NumbersAreCountedThrough) {
  constexpr uint16_t kLookupSids = 15;
  const auto at_once = [](uint32_t asked) {
    OperationScene scene;
    scene.operation(scene.flow({"10.0.0.5", "10.0.0.9", 445}), {.interface = "lsarpc",
                                                                .operation = "call",
                                                                .number = kLookupSids,
                                                                .asked = asked,
                                                                .outcome = Outcome::success});
    return scene.found<Discovery>();
  };
  ASSERT_FALSE(at_once(1000).empty());
  EXPECT_TRUE(names(at_once(1000).back(), "T1087"));
  EXPECT_TRUE(says(at_once(1000).back(), R"("asked":["names","sids"])")) << at_once(1000).back().evidence;
  EXPECT_TRUE(at_once(20).empty()) << "a list of who may do what";

  const auto one_by_one = [](Outcome outcome, double apart) {
    OperationScene scene;
    for (int i = 0; i < 100; ++i) scene.at(i * apart).call("lsarpc", kLookupSids, {}, outcome);
    return !scene.found<Discovery>().empty();
  };
  EXPECT_TRUE(one_by_one(Outcome::failure, 0.5));
  EXPECT_FALSE(one_by_one(Outcome::success, 0.5)) << "a file server names owners";
  EXPECT_FALSE(one_by_one(Outcome::failure, 20)) << "some of whom have left";
}

TEST(DiscoveryTest, WhatLiesApartDoesNotAddUp) {
  constexpr uint16_t kNumbers[] = {11, 13, 25, 40, 33, 15};
  OperationScene scene;
  for (int i = 0; i < 6; ++i) scene.at(400.0 * i).call("samr", kNumbers[i]);
  for (const Behaviour& of : scene.found<Discovery>()) EXPECT_EQ(level(of), FindingLevel::info);
}

TEST(DiscoveryTest, ManyServersAreASweep) {
  const auto ask = [](int servers, std::string_view interface, uint16_t number) {
    OperationScene scene;
    for (int i = 1; i <= servers; ++i) {
      scene.at(i).between("10.0.0.5", "10.0.1." + std::to_string(i)).call(interface, number);
    }
    return std::string(state(scene.found<Discovery>()));
  };
  EXPECT_EQ(ask(3, "srvsvc", 12), "medium") << "sessions";
  EXPECT_EQ(ask(2, "srvsvc", 12), "info");
  EXPECT_EQ(ask(3, "srvsvc", 15), "info") << "shares, as who looks around does";
  EXPECT_EQ(ask(6, "srvsvc", 15), "medium");
}

TEST(DiscoveryTest, AllOfADomainAndOfItsHosts) {
  OperationScene scene;
  scene.between("10.0.0.5", "10.0.0.1", 389)
      .search("DC=a??sub?(samAccountType=805306368)")
      .search("DC=a??sub?(objectCategory=computer)")
      .search("DC=a??sub?(objectClass=group)")
      .search("DC=a??sub?(objectClass=trustedDomain)");
  for (int i = 1; i <= 12; ++i) {
    scene.at(i).between("10.0.0.5", "10.0.1." + std::to_string(i)).call("srvsvc", 12).call("samr", 33);
  }
  EXPECT_EQ(state(scene.found<Discovery>()), "high");
}

TEST(DiscoveryTest, AZoneThatIsFetched) {
  constexpr unsigned kAxfr = 252;
  test::DnsScene scene;
  scene.say({.name = "corp.example", .type = kAxfr});
  const auto found = scene.found(*detector<Discovery>().read(OptionSource()));
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(names(found.back(), "T1590.002"));
  EXPECT_TRUE(says(found.back(), "corp.example")) << found.back().evidence;
  test::DnsScene other;
  other.say({.name = "corp.example"});
  EXPECT_TRUE(other.found(*detector<Discovery>().read(OptionSource())).empty());
}

}  // namespace
}  // namespace lapwing::analytics
