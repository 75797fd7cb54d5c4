#include "sensor/base/allocator.h"

#ifdef LAPWING_JEMALLOC

#include <jemalloc/jemalloc.h>

#include <mutex>
#include <optional>
#include <vector>

/// Settings of jemalloc(3). Rules and their databases are read at random: on pages of 2 MiB the processor finds them
/// without walking page tables, and the kernel hands over few pages instead of many. Freed pages stay for a minute,
/// since flows that end make room for the next. One arena, but for those of allocate_apart().
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:1,thp:always,metadata_thp:always,dirty_decay_ms:60000,muzzy_decay_ms:60000";

namespace lapwing {

void return_free_memory() {
  // MALLCTL_ARENAS_ALL
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

namespace {

/// Arenas whose threads have ended. None can be given back with its pages, so the next thread has it.
struct SpareArenas {
  std::mutex mutex;
  std::vector<unsigned> all;  // with room for every arena there is
  size_t created = 0;
};
SpareArenas& spare_arenas() {
  static SpareArenas spare;
  return spare;
}

struct OwnArena {
  std::optional<unsigned> number;
  ~OwnArena() {
    if (!number) return;
    SpareArenas& spare = spare_arenas();
    const std::lock_guard lock(spare.mutex);
    spare.all.push_back(*number);
  }
};
thread_local OwnArena own_arena;

std::optional<unsigned> take_arena() {
  SpareArenas& spare = spare_arenas();
  const std::lock_guard lock(spare.mutex);
  unsigned arena = 0;
  if (!spare.all.empty()) {
    arena = spare.all.back();
    spare.all.pop_back();
    return arena;
  }
  spare.all.reserve(spare.created + 1);
  size_t size = sizeof arena;
  if (mallctl("arenas.create", &arena, &size, nullptr, 0) != 0) return std::nullopt;
  ++spare.created;
  return arena;
}

}  // namespace

void allocate_apart() {
  if (own_arena.number) return;
  own_arena.number = take_arena();
  // Where none can be had, it goes on in that of the others.
  if (own_arena.number) mallctl("thread.arena", nullptr, nullptr, &*own_arena.number, sizeof(unsigned));
}

namespace {

/// Asked for when first read: what a constructor would begin is looked at in each call.
struct Meters {
  const uint64_t *allocated = nullptr, *freed = nullptr;
};
thread_local constinit Meters meters;

[[gnu::noinline, gnu::cold]] void find_meters() {
  size_t size = sizeof meters.allocated;
  mallctl("thread.allocatedp", &meters.allocated, &size, nullptr, 0);
  mallctl("thread.deallocatedp", &meters.freed, &size, nullptr, 0);
}

}  // namespace

int64_t thread_memory() {
  if (!meters.freed) [[unlikely]]
    find_meters();
  return static_cast<int64_t>(*meters.allocated - *meters.freed);
}

}  // namespace lapwing

#else

#include <cstddef>

// Of the sanitizers' common runtime (sanitizer/allocator_interface.h, which GCC does not bring).
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void*, size_t),
                                              void (*freed)(const volatile void*));
size_t __sanitizer_get_allocated_size(const volatile void* block);
}

namespace lapwing {
namespace {

thread_local int64_t balance = 0;

}  // namespace

void return_free_memory() {}

void allocate_apart() {}

int64_t thread_memory() {
  [[maybe_unused]] static const int hooks = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, size_t size) { balance += static_cast<int64_t>(size); },
      [](const volatile void* block) { balance -= static_cast<int64_t>(__sanitizer_get_allocated_size(block)); });
  return balance;
}

}  // namespace lapwing

#endif
