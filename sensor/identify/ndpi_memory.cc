#include "sensor/identify/ndpi_memory.h"

#include <array>
#include <cstdlib>
#include <mutex>
#include <new>

extern "C" {
#include <ndpi/ndpi_api.h>
}

namespace lapwing {
namespace {

thread_local bool starved = false;

/// Blocks one behind the other; all of it is free again when the last of them is given back.
struct Reserve {
  std::mutex mutex;
  size_t used = 0, blocks = 0;
  alignas(std::max_align_t) std::array<std::byte, NdpiMemory::kReserve> bytes{};

  void* take(size_t size) {
    std::lock_guard lock(mutex);
    const size_t rounded =
        (size + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
    if (size > bytes.size() || rounded > bytes.size() - used) return nullptr;
    ++blocks;
    used += rounded;
    return bytes.data() + used - rounded;
  }
  bool give(const void* block) {
    const auto* p = static_cast<const std::byte*>(block);
    if (p < bytes.data() || p >= bytes.data() + bytes.size()) return false;
    std::lock_guard lock(mutex);
    if (--blocks == 0) used = 0;
    return true;
  }
};
constinit Reserve reserve;

void* allocate(size_t size) {
  if (void* block = std::malloc(size)) return block;
  starved = true;
  return reserve.take(size);
}

void release(void* block) {
  if (!reserve.give(block)) std::free(block);
}

}  // namespace

void NdpiMemory::install() {
  set_ndpi_malloc(&allocate);
  set_ndpi_free(&release);
  set_ndpi_flow_malloc(&allocate);
  set_ndpi_flow_free(&release);
}

NdpiMemory::Call::Call() {
  starved = false;
}

void NdpiMemory::Call::done() const {
  if (starved) throw std::bad_alloc();
}

}  // namespace lapwing
