// The order in which rules are evaluated and alerts are delivered.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/program/rule.h"

namespace lapwing::rules {

inline constexpr std::array<std::string_view, 4> kActionOrder = {"pass", "drop", "reject", "alert"};

/// Sorts by action (in the order of `actions`, then of kActionOrder), then setters of flowbits before their readers,
/// then the same for flowints, xbits and hostbits, then priority, then as written. Sets Rule::order.
void sort_rules(std::vector<std::unique_ptr<Rule>>& rules, std::span<const std::string> actions);

}  // namespace lapwing::rules
