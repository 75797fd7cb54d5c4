#include "analytics/frame/roles.h"

#include <algorithm>

#include "analytics/frame/rows.h"

namespace lapwing::analytics {
namespace {

constexpr RoleRow kRoles[] = {
    {Role::admin, "admin", "a host from which others are administered"},
    {Role::backup, "backup", "it fetches and sends away what others hold, in volume"},
    {Role::database, "database", "a server of a database"},
    {Role::dc, "dc", "a domain controller: LDAP, Kerberos and the names of a domain"},
    {Role::dhcp, "dhcp", "a DHCP server"},
    {Role::file, "file", "a file server"},
    {Role::mail, "mail", "it takes and passes on mail"},
    {Role::monitor, "monitor", "it asks other hosts at fixed times whether they live"},
    {Role::printer, "printer", "a printer"},
    {Role::proxy, "proxy", "it connects for others"},
    {Role::resolver, "resolver", "it resolves names for others"},
    {Role::router, "router", "it passes on what others send"},
    {Role::scanner, "scanner", "it looks for open services and holes by order"},
    {Role::vpn, "vpn", "an end of tunnels that carry what others send"},
    {Role::web, "web", "a web server"},
};

constexpr bool in_place() {
  for (size_t i = 0; i < std::size(kRoles); ++i) {
    if (static_cast<size_t>(kRoles[i].role) != i) return false;
  }
  return true;
}
static_assert(in_place() && std::size(kRoles) <= 32);

constexpr CounterRow<RoleCounters> kCounters[] = {
    {"analytics.roles.learned", &RoleCounters::learned, "hosts of which a role is learned", CounterKind::gauge},
    {"analytics.roles_max", &RoleCounters::roles_max, "roles not learned: 65536 hosts have some", CounterKind::loss},
};

}  // namespace

std::span<const RoleRow> role_rows() {
  return kRoles;
}

std::string names_of(RoleMask roles) {
  std::string out;
  for (const RoleRow& row : kRoles) {
    if (roles & bit(row.role)) out += (out.empty() ? "" : " ") + std::string(row.name);
  }
  return out;
}

std::span<const CounterRow<RoleCounters>> role_counter_rows() {
  return kCounters;
}

std::vector<RoleHosts> read_roles(const OptionSource& source) {
  std::vector<RoleHosts> out;
  for_each_row(source, "analytics.roles", {"role", "hosts"}, [&](const Setting& row) {
    const Setting& role = required(row, "role");
    const auto known = std::ranges::find(kRoles, role.as_text(), &RoleRow::name);
    if (known == std::end(kRoles)) {
      std::string all;
      for (const RoleRow& of : kRoles) all += (all.empty() ? "" : ", ") + std::string(of.name);
      role.fail("'" + role.scalar + "' is no role; there are " + all);
    }
    out.push_back({known->role, networks_of(required(row, "hosts"))});
  });
  return out;
}

RoleMask Roles::configured(const IpAddress& address) const {
  RoleMask out = 0;
  for (const RoleHosts& row : configured_) {
    if (row.hosts.contain(address)) out |= bit(row.role);
  }
  return out;
}

RoleMask Roles::of(const IpAddress& address) const {
  const RoleMask out = configured(address);
  const auto known = learned_.find(address);
  return known == learned_.end() ? out : out | known->second;
}

void Roles::learned(const IpAddress& address, Role role, bool has) {
  auto known = learned_.find(address);
  if (known == learned_.end()) {
    if (!has) return;
    if (learned_.size() >= kMostLearned) {
      ++counters_.roles_max;
      return;
    }
    known = learned_.emplace(address, 0).first;
  }
  known->second = has ? known->second | bit(role) : known->second & ~bit(role);
  if (known->second == 0) learned_.erase(known);
  counters_.learned = learned_.size();
}

}  // namespace lapwing::analytics
