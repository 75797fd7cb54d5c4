// Gives the prefilters of a rule set their databases: from the cache, or compiled on every core.
#pragma once

#include <vector>

#include "signatures/compile/prefilter.h"
#include "signatures/rule_set.h"

namespace lapwing::detect {

/// After this every prefilter waits for settle(). Those of the same patterns share a database. Throws std::bad_alloc.
DatabaseCounts build_prefilters(const std::vector<Prefilter*>& prefilters, const DetectConfig& config);

}  // namespace lapwing::detect
