#include "sensor/flow/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace lapwing {
namespace {

TEST(TimerWheel, BringsUpEveryFlowInTheSecondItWasFiledUnder) {
  Slab<Flow> flows(500);
  TimerWheel wheel(flows);
  wheel.start(-3000);  // packet times before 1970 occur in captures
  std::map<uint32_t, int64_t> filed;
  std::mt19937 random(2);
  int64_t now = -3000;
  for (int step = 0; step < 5000; ++step) {
    if (filed.size() < 400) {
      uint32_t handle = flows.make();
      int64_t deadline = now + 1 + random() % 1000;
      wheel.file(flows[handle], deadline);
      EXPECT_EQ(wheel.filed(flows[handle]), deadline);
      filed[handle] = deadline;
    }
    now += random() % 8;
    while (Flow* flow = wheel.due(now)) {
      uint32_t handle = flows.handle_of(*flow);
      ASSERT_LE(filed.at(handle), now);
      wheel.remove(*flow);
      flows.destroy(handle);
      filed.erase(handle);
    }
    for (auto [handle, deadline] : filed) ASSERT_GT(deadline, now);
  }
}

TEST(TimerWheel, AFarDeadlineComesUpForACheckWithinOneRound) {
  Slab<Flow> flows(1);
  TimerWheel wheel(flows);
  wheel.start(100);
  Flow& flow = flows[flows.make()];
  wheel.file(flow, 1'000'000);
  EXPECT_EQ(wheel.due(100 + TimerWheel::kSeconds - 2), nullptr);
  EXPECT_EQ(wheel.due(100 + TimerWheel::kSeconds), &flow);
}

TEST(TimerWheel, ALeapBringsUpEveryFlowOnce) {
  Slab<Flow> flows(3);
  TimerWheel wheel(flows);
  wheel.start(7);
  Flow &near = flows[flows.make()], &far = flows[flows.make()];
  wheel.file(far, 1'000'000'000);
  wheel.file(near, 20);
  wheel.leap(600'000'000);
  EXPECT_EQ(wheel.clock(), 600'000'000);
  EXPECT_EQ(wheel.due(600'000'000), &near);
  wheel.remove(near);
  EXPECT_EQ(wheel.due(600'000'000), &far);
  wheel.remove(far);
  wheel.file(far, 1'000'000'000);
  EXPECT_EQ(wheel.due(600'000'000), nullptr);
  EXPECT_EQ(wheel.due(600'000'000 + TimerWheel::kSeconds), &far);
}

TEST(TimerWheel, RaisedFlowsComeUpInTheOrderOfTheirSeconds) {
  Slab<Flow> flows(3);
  TimerWheel wheel(flows);
  wheel.start(0);
  Flow &late = flows[flows.make()], &early = flows[flows.make()];
  wheel.file(late, 900);
  wheel.file(early, 10);
  wheel.raise_all();
  EXPECT_EQ(wheel.due(0), &early);
  wheel.remove(early);
  EXPECT_EQ(wheel.due(0), &late);
  EXPECT_EQ(wheel.earliest(), &late);
}

}  // namespace
}  // namespace lapwing
