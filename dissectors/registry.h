// THE dissectors: those that dissectors/list.inc names, in its order.
#pragma once

#include <span>

#include "dissectors/contract/dissector.h"

namespace lapwing {

/// Each protocol's file defines the row that stands for it.
std::span<const DissectorRow* const> dissectors();

}  // namespace lapwing
