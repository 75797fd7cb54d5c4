// Criticality: how much hosts matter, by the configuration.
#pragma once

#include <string>
#include <vector>

#include "analytics/frame/roles.h"
#include "analytics/frame/surroundings.h"

namespace lapwing::analytics {

struct Host;

/// [S] A row of the list "analytics.inventory.criticality": hosts by all that it names.
struct CriticalityRow {
  Networks hosts;
  bool by_hosts = false;
  std::string name;    // a host's, or the domain that it lies in
  RoleMask roles = 0;  // any of them
  unsigned level = 1;
};
/// Throws SettingError at what is no row.
std::vector<CriticalityRow> read_criticality(const OptionSource& source);
/// "low", "normal", "high"
std::string_view criticality_name(unsigned level);
inline constexpr unsigned kNormalCriticality = 1;
/// Of the first row that fits.
unsigned criticality_of(const std::vector<CriticalityRow>& rows, const Host& host, RoleMask roles);

}  // namespace lapwing::analytics
