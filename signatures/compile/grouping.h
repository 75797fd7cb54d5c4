// Grouping: files every rule where the matcher will look for it, and builds the prefilters.
#pragma once

#include "signatures/program/compiled.h"

namespace lapwing::rules {

void group_rules(Compiled& compiled);

}  // namespace lapwing::rules
