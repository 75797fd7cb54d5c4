// The allocator of the process: jemalloc, except where a sanitizer brings its own.
#pragma once

namespace lapwing {

/// Gives back to the system what the allocator holds free. Cold: after rules were loaded or replaced.
void return_free_memory();

}  // namespace lapwing
