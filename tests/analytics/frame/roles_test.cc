// What hosts are there for: by configuration, and as learned.
#include "analytics/frame/roles.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/analytics/frame/address.h"
#include "tests/analytics/frame/rows_text.h"

namespace lapwing::analytics {
namespace {

using test::fault_of;
using test::ip;
using test::list_of;

TEST(RolesTest, EachHasANameOfItsOwnAndSaysWhatItIs) {
  std::set<std::string_view> names;
  for (const RoleRow& row : role_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_EQ(names_of(bit(row.role)), row.name);
  }
}

TEST(RolesTest, ConfiguredHostsHaveThemByAddressAndNetwork) {
  const Setting root = list_of("analytics.roles", {{{"role", "scanner"}, {"hosts", "10.0.0.5"}},
                                                   {{"role", "monitor"}, {"hosts", "10.0.0.0/24"}},
                                                   {{"role", "mail"}, {"hosts", "fd00::/8"}}});
  const Roles roles(read_roles(root));
  EXPECT_EQ(roles.of(ip("10.0.0.5")), bit(Role::scanner) | bit(Role::monitor));
  EXPECT_EQ(roles.of(ip("10.0.0.6")), bit(Role::monitor));
  EXPECT_EQ(roles.of(ip("10.0.1.5")), 0u);
  EXPECT_EQ(names_of(roles.of(ip("fd00::1"))), "mail");
}

TEST(RolesTest, LearnedOnesComeAndGoAndConfiguredOnesStay) {
  const Setting root = list_of("analytics.roles", {{{"role", "dc"}, {"hosts", "10.0.0.5"}}});
  Roles roles(read_roles(root));
  roles.learned(ip("10.0.0.5"), Role::resolver, true);
  roles.learned(ip("10.0.0.9"), Role::proxy, true);
  EXPECT_EQ(names_of(roles.of(ip("10.0.0.5"))), "dc resolver");
  EXPECT_EQ(roles.counters().learned, 2u);
  roles.learned(ip("10.0.0.5"), Role::resolver, false);
  roles.learned(ip("10.0.0.5"), Role::dc, false);
  EXPECT_EQ(names_of(roles.of(ip("10.0.0.5"))), "dc");
  EXPECT_EQ(roles.counters().learned, 1u);
}

TEST(RolesTest, AsManyHostsAreRememberedAsMayBe) {
  Roles roles;
  for (uint32_t i = 0; i <= Roles::kMostLearned; ++i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    roles.learned(IpAddress::v4(bytes), Role::web, true);
  }
  EXPECT_EQ(roles.counters().learned, Roles::kMostLearned);
  EXPECT_EQ(roles.counters().roles_max, 1u);
  roles.learned(ip("10.0.0.0"), Role::file, true);
  EXPECT_EQ(roles.counters().roles_max, 1u) << "one that is known may have more";
}

TEST(RolesTest, WhatIsWrongIsSaidWithItsPlace) {
  const auto fault = [](const test::Row& row) { return fault_of(list_of("analytics.roles", {row}), read_roles); };
  EXPECT_EQ(fault({{"role", "mail"}, {"hosts", "10.0.0.5"}}), "");
  EXPECT_TRUE(
      fault({{"role", "postman"}, {"hosts", "10.0.0.5"}}).starts_with("c.yaml:2:5: role: 'postman' is no role; there"));
  EXPECT_TRUE(
      fault({{"role", "mail"}, {"hosts", "10.0.0.5/33"}}).starts_with("c.yaml:2:6: hosts: '10.0.0.5/33' is no addr"));
  EXPECT_EQ(fault({{"role", "mail"}}), "c.yaml:2:5: the row lacks 'hosts'");
  EXPECT_EQ(fault({{"role", "mail"}, {"host", "10.0.0.5"}}),
            "c.yaml:2:6: host: 'host' is nothing that a row has; there are role, hosts");
}

}  // namespace
}  // namespace lapwing::analytics
