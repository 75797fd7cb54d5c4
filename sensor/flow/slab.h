// Slab: objects of one type in one reserved range, named by 32-bit handles.
#pragma once

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace lapwing {

inline constexpr uint32_t kNoHandle = UINT32_MAX;

/// Bytes that the process may map in all (ulimit -v), if that is limited.
inline uint64_t address_space() {
  rlimit limit{};
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : UINT64_MAX;
}
/// The part of it that one slab reserves at most: what is reserved counts there as if it were used.
inline constexpr uint64_t kSlabShare = 16;

/// Room for `capacity` objects of T, or as many as its share of the address space holds [W]. Address space is reserved
/// at once, memory comes with use and is kept for reuse. Objects that were not given back when the slab dies are not
/// destroyed.
template <class T>
class Slab {
 public:
  explicit Slab(uint32_t capacity)
      : capacity_(static_cast<uint32_t>(std::min<uint64_t>(capacity, address_space() / kSlabShare / sizeof(T)))) {
    void* range = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) throw std::bad_alloc();
    // A first touch of a 4 KiB page costs more than the objects in it: ask for large ones.
    madvise(range, bytes(), MADV_HUGEPAGE);
    base_ = static_cast<std::byte*>(range);
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() { munmap(base_, bytes()); }

  /// Touches the memory of the first `count` objects.
  void preallocate(uint32_t count) { std::memset(base_, 0, size_t{count < capacity_ ? count : capacity_} * sizeof(T)); }

  /// Constructs one; kNoHandle when all are in use.
  template <class... Args>
  uint32_t make(Args&&... args) {
    uint32_t handle = free_;
    if (handle != kNoHandle) {
      std::memcpy(&free_, slot(handle), sizeof free_);
    } else if (fresh_ < capacity_) {
      handle = fresh_++;
    } else {
      return kNoHandle;
    }
    new (slot(handle)) T(std::forward<Args>(args)...);
    ++used_;
    return handle;
  }
  void destroy(uint32_t handle) {
    std::destroy_at(&(*this)[handle]);
    std::memcpy(slot(handle), &free_, sizeof free_);
    free_ = handle;
    --used_;
  }

  T& operator[](uint32_t handle) const { return *std::launder(reinterpret_cast<T*>(slot(handle))); }
  uint32_t handle_of(const T& object) const {
    return static_cast<uint32_t>((reinterpret_cast<const std::byte*>(&object) - base_) /
                                 static_cast<ptrdiff_t>(sizeof(T)));
  }
  void prefetch(uint32_t handle) const {
    for (size_t offset = 0; offset < sizeof(T); offset += 64) __builtin_prefetch(slot(handle) + offset, 1);
  }
  uint32_t used() const { return used_; }
  uint32_t capacity() const { return capacity_; }

 private:
  std::byte* slot(uint32_t handle) const { return base_ + size_t{handle} * sizeof(T); }
  size_t bytes() const { return (size_t{capacity_} + 1) * sizeof(T); }

  uint32_t capacity_, free_ = kNoHandle, fresh_ = 0, used_ = 0;
  std::byte* base_ = nullptr;
};

}  // namespace lapwing
