// The order in which rules are evaluated and alerts are delivered.
#pragma once

#include <memory>
#include <vector>

#include "signatures/compile/rule.h"

namespace lapwing::detect {

/// Sorts by action (pass, drop, reject, alert), then setters of flowbits before their readers, then the same for
/// flowints, xbits and hostbits, then priority, then as written. Sets Rule::order.
void sort_rules(std::vector<std::unique_ptr<Rule>>& rules);

}  // namespace lapwing::detect
