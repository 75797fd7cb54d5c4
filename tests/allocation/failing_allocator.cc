#include "tests/allocation/failing_allocator.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

#ifdef LAPWING_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

namespace {

thread_local bool armed = false;
thread_local uint64_t made = 0, fatal = 0;
std::atomic<int64_t> live = 0;

thread_local const void* caller_failed = nullptr;

bool in_c_library(const void* code) {
  static const void* const base = [] {
    Dl_info info;
    return dladdr(reinterpret_cast<const void*>(&std::qsort), &info) ? info.dli_fbase : nullptr;
  }();
  Dl_info info;
  return dladdr(code, &info) && info.dli_fbase == base;
}

/// Who called the C library, as for strdup, where it called us.
const void* beyond_c_library(const void* caller) {
  void* stack[16];
  const int count = backtrace(stack, std::size(stack));
  for (void** at = std::find(stack, stack + count, caller); at < stack + count; ++at) {
    if (!in_c_library(*at)) return *at;
  }
  return caller;
}

bool fails(const void* caller) {
  if (!armed || ++made != fatal) return false;
  armed = false;
  caller_failed = beyond_c_library(caller);
  armed = true;
  return true;
}

}  // namespace

namespace lapwing::test {

void fail_allocation(uint64_t n) {
  made = 0;
  fatal = n;
  caller_failed = nullptr;
  armed = true;
}
void pause_failing() {
  armed = false;
}
void resume_failing() {
  armed = true;
}
uint64_t allocations_made() {
  return made;
}
const void* failed_caller() {
  return caller_failed;
}
std::string place(const void* code) {
  Dl_info info;
  if (!dladdr(code, &info)) return "";
  char offset[32];
  std::snprintf(offset, sizeof offset, "+%#zx",
                static_cast<size_t>(static_cast<const char*>(code) - static_cast<const char*>(info.dli_fbase)));
  return info.dli_fname + std::string(offset);
}
int64_t live_bytes() {
  return live.load();
}

}  // namespace lapwing::test

#ifdef LAPWING_JEMALLOC

namespace {

void* counted(void* block) {
  if (block) live.fetch_add(static_cast<int64_t>(sallocx(block, 0)), std::memory_order_relaxed);
  return block;
}
void* allocate(size_t size, int flags, const void* caller) {
  void* block = fails(caller) ? nullptr : counted(mallocx(std::max<size_t>(size, 1), flags));
  if (!block) errno = ENOMEM;
  return block;
}
void* reallocate(void* block, size_t size, const void* caller) {
  if (!block) return allocate(size, 0, caller);
  const auto before = static_cast<int64_t>(sallocx(block, 0));
  void* moved = fails(caller) ? nullptr : rallocx(block, std::max<size_t>(size, 1), 0);
  if (!moved) {
    errno = ENOMEM;
    return nullptr;
  }
  live.fetch_sub(before, std::memory_order_relaxed);
  return counted(moved);
}
void release(void* block) {
  if (!block) return;
  live.fetch_sub(static_cast<int64_t>(sallocx(block, 0)), std::memory_order_relaxed);
  dallocx(block, 0);
}
int aligned(size_t align) {
  return MALLOCX_ALIGN(align);
}

}  // namespace

// The program's own come before the allocator's, for libraries too.
extern "C" {
void* malloc(size_t size) noexcept {
  return allocate(size, 0, __builtin_return_address(0));
}
void* calloc(size_t count, size_t size) noexcept {
  if (size && count > SIZE_MAX / size) return nullptr;
  return allocate(count * size, MALLOCX_ZERO, __builtin_return_address(0));
}
void* realloc(void* block, size_t size) noexcept {
  return reallocate(block, size, __builtin_return_address(0));
}
void free(void* block) noexcept {
  release(block);
}
void* aligned_alloc(size_t align, size_t size) noexcept {
  return allocate(size, aligned(align), __builtin_return_address(0));
}
void* memalign(size_t align, size_t size) noexcept {
  return allocate(size, aligned(align), __builtin_return_address(0));
}
int posix_memalign(void** out, size_t align, size_t size) noexcept {
  *out = allocate(size, aligned(align), __builtin_return_address(0));
  return *out ? 0 : ENOMEM;
}
}

#else

namespace {

// A sanitizer has replaced the C functions already: what libraries ask them for does not fail.
void* allocate(size_t size, int align, const void* caller) {
  if (fails(caller)) return nullptr;
  return align ? std::aligned_alloc(static_cast<size_t>(align), (size + align - 1) / align * align) : std::malloc(size);
}
void release(void* block) {
  std::free(block);
}
constexpr int aligned(size_t align) {
  return static_cast<int>(align);
}

}  // namespace

#endif

namespace {

void* allocate_or_throw(size_t size, int flags, const void* caller) {
  if (void* block = allocate(size, flags, caller)) return block;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(size_t size) {
  return allocate_or_throw(size, 0, __builtin_return_address(0));
}
void* operator new[](size_t size) {
  return allocate_or_throw(size, 0, __builtin_return_address(0));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, 0, __builtin_return_address(0));
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, 0, __builtin_return_address(0));
}
void* operator new(size_t size, std::align_val_t align) {
  return allocate_or_throw(size, aligned(static_cast<size_t>(align)), __builtin_return_address(0));
}
void operator delete(void* block) noexcept {
  release(block);
}
void operator delete[](void* block) noexcept {
  release(block);
}
void operator delete(void* block, size_t) noexcept {
  release(block);
}
void operator delete[](void* block, size_t) noexcept {
  release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  release(block);
}
void operator delete(void* block, size_t, std::align_val_t) noexcept {
  release(block);
}
