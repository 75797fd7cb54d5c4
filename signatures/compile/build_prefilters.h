// Gives the prefilters of a rule set their databases: from the cache, or compiled on every core.
#pragma once

#include <vector>

#include "signatures/program/prefilter.h"
#include "signatures/program/rule_config.h"
#include "signatures/program/rule_set.h"

namespace lapwing::rules {

/// After this every prefilter waits for settle(). Those of the same patterns share a database. Throws std::bad_alloc.
DatabaseCounts build_prefilters(const std::vector<Prefilter*>& prefilters, const RuleConfig& config);

}  // namespace lapwing::rules
