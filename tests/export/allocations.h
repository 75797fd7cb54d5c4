// Counts the allocations of the test program: the hot path must make none once it is warm.
#pragma once

#include <cstdint>

namespace lapwing {

uint64_t allocations();

}  // namespace lapwing
