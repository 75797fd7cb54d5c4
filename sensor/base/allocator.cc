#include "sensor/base/allocator.h"

#ifdef LAPWING_JEMALLOC

#include <jemalloc/jemalloc.h>

/// Settings of jemalloc(3). Rules and their databases are read at random: on pages of 2 MiB the processor finds them
/// without walking page tables, and the kernel hands over few pages instead of many. Freed pages stay for a minute,
/// since flows that end make room for the next.
extern "C" const char* malloc_conf;
const char* malloc_conf = "thp:always,metadata_thp:always,dirty_decay_ms:60000,muzzy_decay_ms:60000";

namespace lapwing {

void return_free_memory() {
  // MALLCTL_ARENAS_ALL
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

}  // namespace lapwing

#else

namespace lapwing {
void return_free_memory() {}
}  // namespace lapwing

#endif
