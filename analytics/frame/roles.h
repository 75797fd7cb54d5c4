// Roles: what hosts are there for, by configuration or as learned, and so which behaviour of theirs is no finding.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/frame/surroundings.h"
#include "sensor/base/counters.h"
#include "sensor/base/option_source.h"

namespace lapwing::analytics {

/// The place of its row in role_rows().
enum class Role : uint8_t {
  admin,
  backup,
  database,
  dc,
  dhcp,
  file,
  mail,
  monitor,
  printer,
  proxy,
  resolver,
  router,
  scanner,
  vpn,
  web
};

/// Bits of roles.
using RoleMask = uint32_t;
constexpr RoleMask bit(Role role) {
  return RoleMask{1} << static_cast<unsigned>(role);
}

/// [S]
struct RoleRow {
  Role role;
  std::string_view name, help;
};
std::span<const RoleRow> role_rows();
/// "monitor scanner", in the order of the rows.
std::string names_of(RoleMask roles);

/// [S] A row of the list "analytics.roles".
struct RoleHosts {
  Role role;
  Networks hosts;
};
/// Throws SettingError at what is no row.
std::vector<RoleHosts> read_roles(const OptionSource& source);

struct RoleCounters {
  uint64_t learned = 0;
  uint64_t roles_max = 0;  // hosts of which no role is learned: as many have one as may
};
std::span<const CounterRow<RoleCounters>> role_counter_rows();

/// [G]
class Roles {
 public:
  /// Hosts with learned roles.
  static constexpr size_t kMostLearned = 65536;

  Roles() = default;
  explicit Roles(std::vector<RoleHosts> configured) : configured_(std::move(configured)) {}

  RoleMask configured(const IpAddress& address) const;
  /// Configured and learned ones.
  RoleMask of(const IpAddress& address) const;
  /// The inventory has seen that it has the role, or that it has it no more. What is configured stays.
  void learned(const IpAddress& address, Role role, bool has);
  const RoleCounters& counters() const { return counters_; }

 private:
  std::vector<RoleHosts> configured_;
  std::map<IpAddress, RoleMask> learned_;
  RoleCounters counters_;
};

}  // namespace lapwing::analytics
