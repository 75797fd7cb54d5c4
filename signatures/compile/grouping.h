// Grouping: files every rule where the matcher will look for it, and builds the prefilters.
#pragma once

#include "signatures/compile/compiled.h"

namespace lapwing::detect {

void group_rules(Compiled& compiled);

}  // namespace lapwing::detect
