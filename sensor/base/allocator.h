// The allocator of the process: jemalloc, except where a sanitizer brings its own.
#pragma once

#include <cstdint>

namespace lapwing {

/// Gives back to the system what the allocator holds free. Cold: after rules were loaded or replaced.
void return_free_memory();

/// This thread allocates in an arena of its own, where it waits for no other; all others share one. Each arena leaves
/// pages half empty, so a process with one busy thread has one.
void allocate_apart();

/// Bytes this thread has allocated, by any library, less those it has freed. Only differences mean something.
int64_t thread_memory();

}  // namespace lapwing
