#include "analytics/inventory/criticality.h"

#include <algorithm>
#include <string_view>

#include "analytics/frame/rows.h"
#include "analytics/inventory/host.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr std::string_view kLevels[] = {"low", "normal", "high"};

Role role_of(const Setting& node) {
  for (const RoleRow& row : role_rows()) {
    if (row.name == node.as_text()) return row.role;
  }
  node.fail("'" + node.scalar + "' is no role; there are " + names_of(~RoleMask{0}));
}

bool within(std::string_view name, std::string_view domain) {
  if (!name.ends_with(domain)) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

bool fits(const CriticalityRow& row, const Host& host, RoleMask roles) {
  const auto inside = [&](const Bound& bound) {
    return bound.address.kind != 0 && row.hosts.contain(bound.address.address());
  };
  const auto called = [&](const Slot<63>& slot) { return slot.hash != 0 && within(slot.text.view(), row.name); };
  return (!row.by_hosts || std::ranges::any_of(host.addresses, inside)) &&
         (row.name.empty() || std::ranges::any_of(*host.names, called)) && (row.roles == 0 || (row.roles & roles) != 0);
}

}  // namespace

std::vector<CriticalityRow> read_criticality(const OptionSource& source) {
  std::vector<CriticalityRow> out;
  for_each_row(source, "analytics.inventory.criticality", {"level", "hosts", "name", "role"}, [&](const Setting& node) {
    CriticalityRow& row = out.emplace_back();
    const Setting& level = required(node, "level");
    const auto known = std::ranges::find(kLevels, level.as_text());
    if (known == std::end(kLevels)) level.fail("'" + level.scalar + "' is none of low, normal, high");
    row.level = static_cast<unsigned>(known - std::begin(kLevels));
    if (const Setting* hosts = node.find("hosts")) {
      row.hosts = networks_of(*hosts);
      row.by_hosts = true;
    }
    if (const Setting* name = node.find("name")) row.name = to_lower(name->as_text());
    if (const Setting* role = node.find("role")) row.roles = bit(role_of(*role));
    if (!row.by_hosts && row.name.empty() && row.roles == 0) node.fail("says of no host: name hosts, name or role");
  });
  return out;
}

std::string_view criticality_name(unsigned level) {
  return kLevels[level];
}

unsigned criticality_of(const std::vector<CriticalityRow>& rows, const Host& host, RoleMask roles) {
  const auto row = std::ranges::find_if(rows, [&](const CriticalityRow& of) { return fits(of, host, roles); });
  return row == rows.end() ? kNormalCriticality : row->level;
}

}  // namespace lapwing::analytics
