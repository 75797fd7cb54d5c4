// What acts of lateral movement come to together.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "analytics/detectors/lateral.h"

namespace lapwing::analytics {

/// A bit beside those of Lateral::Kind: services are made and deleted again and again.
inline constexpr unsigned kServiceSeries = Lateral::kKinds;

/// [S] The graver come first.
struct LateralVerdict {
  std::string_view name;
  ActSet all = 0, any = 0, none = 0;  // of what is done
  uint8_t severity = 0, confidence = 0;
  uint32_t techniques = 0;  // bits by place in About::techniques
  bool if_new = false;      // many do so who mean no harm: it counts where it is new
  RoleMask explained_by = 0;
  ActSet tried = 0;  // done or refused

  constexpr bool holds(ActSet done, ActSet fresh, ActSet attempts) const {
    if ((tried & ~attempts) != 0) return false;
    if ((all & ~done) != 0 || (any != 0 && (any & done) == 0) || (none & done) != 0) return false;
    return !if_new || (all & fresh) != 0;
  }
};
std::span<const LateralVerdict> lateral_verdicts();

/// As evidence calls an act: "service-change".
std::string_view stage_name(uint8_t kind);

}  // namespace lapwing::analytics
