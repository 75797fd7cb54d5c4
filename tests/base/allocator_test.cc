#include "sensor/base/allocator.h"

#include <gtest/gtest.h>

#ifdef LAPWING_JEMALLOC

#include <jemalloc/jemalloc.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <thread>
#include <utility>

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

TEST(Allocator, ArenasOfThreadsThatEndedAreTakenAgain) {
  const auto two = []() -> std::pair<unsigned, unsigned> {
    std::array<unsigned, 2> out{};
    std::barrier<> both(2);
    const auto take = [&](unsigned& number) {
      allocate_apart();
      number = arena();
      both.arrive_and_wait();
    };
    std::thread one([&] { take(out[0]); }), other([&] { take(out[1]); });
    one.join();
    other.join();
    EXPECT_NE(out[0], out[1]);
    return std::minmax(out[0], out[1]);
  };
  const auto first = two();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(two(), first);
}

}  // namespace
}  // namespace lapwing

#endif
