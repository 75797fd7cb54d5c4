#include "sensor/base/allocator.h"

#include <gtest/gtest.h>

#ifdef LAPWING_JEMALLOC

#include <jemalloc/jemalloc.h>

#include <thread>

namespace lapwing {
namespace {

unsigned arena() {
  unsigned out = 0;
  size_t size = sizeof out;
  mallctl("thread.arena", &out, &size, nullptr, 0);
  return out;
}

TEST(Allocator, ThreadsShareAnArenaUnlessTheyAllocateApart) {
  unsigned shared = 0, apart = 0;
  std::thread([&] { shared = arena(); }).join();
  std::thread([&] {
    allocate_apart();
    apart = arena();
  }).join();
  EXPECT_EQ(shared, arena());
  EXPECT_NE(apart, arena());
}

}  // namespace
}  // namespace lapwing

#endif
