// What other threads see of a worker's counters while it counts.
#include "sensor/pipeline/counter_board.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"

namespace lapwing {
namespace {

/// Two counters that are the same between bursts.
struct Pair {
  uint64_t first = 0, second = 0;

  void read(CounterSet& set) const {
    set.add("first", first, "");
    set.add("second", second, "");
  }
};

TEST(CounterBoard, APictureIsTakenOnlyWhereOneWasAskedFor) {
  Pair pair{1, 1};
  CounterBoard board([&](CounterSet& set) { pair.read(set); });
  EXPECT_TRUE(board.fresh());
  board.show();
  EXPECT_TRUE(board.snapshot().values().empty());
  EXPECT_FALSE(board.fresh());
  board.show();
  EXPECT_TRUE(board.fresh());
  pair = {2, 2};
  EXPECT_EQ(board.snapshot().value("first"), 1u) << "as of the last picture";
  board.show();
  EXPECT_EQ(board.snapshot().value("first"), 2u);
}

TEST(CounterBoard, OfAWorkerThatEndedNothingNewerComes) {
  Pair pair{7, 7};
  CounterBoard board([&](CounterSet& set) { pair.read(set); });
  board.take();
  board.close();
  EXPECT_EQ(board.snapshot().value("second"), 7u);
  EXPECT_TRUE(board.fresh());
  CounterSet now;
  board.add_counters(now);
  EXPECT_EQ(now.value("second"), 7u);
}

TEST(CounterBoard, APictureThatFailsIsAskedForAgain) {
  bool lacks = true;
  CounterBoard board([&](CounterSet&) {
    if (lacks) throw std::bad_alloc();
  });
  board.snapshot();
  EXPECT_THROW(board.show(), std::bad_alloc);
  EXPECT_FALSE(board.fresh());
  lacks = false;
  board.show();
  EXPECT_TRUE(board.fresh());
}

TEST(CounterBoard, APictureIsOfOneMomentWhileTheWorkerCounts) {
  constexpr uint64_t kSeen = 100;
  Pair pair;
  CounterBoard board([&](CounterSet& set) { pair.read(set); });
  std::atomic<bool> over = false;
  std::thread worker([&] {
    while (!over.load(std::memory_order_relaxed)) {
      ++pair.first;
      ++pair.second;
      board.show();
    }
  });
  uint64_t last = 0;
  for (uint64_t seen = 0; seen < kSeen;) {
    const CounterSet picture = board.snapshot();
    ASSERT_EQ(picture.value("first"), picture.value("second"));
    ASSERT_GE(picture.value("first"), last);
    seen += picture.value("first") > last;
    last = picture.value("first");
  }
  over = true;
  worker.join();
}

/// An interface that is down from the start.
class Down final : public PacketSource {
 public:
  Result receive(Burst&) override { return Result::end; }
  void release(Burst&) override {}
  CaptureCounters counters() override { return {.down = 1}; }
  std::string_view interface_name(uint16_t) const override { return "wire"; }
  std::span<const CaptureError> errors() const override { return {}; }
  void stop() override {}
};

TEST(CounterBoard, WhatIsSoBeforeAWorkerBeginsIsToldToo) {
  Setting root;
  root.kind = Setting::Kind::map;
  const auto config = SensorConfig::read(root, {"stats"});
  Pipeline::Plan plan{.config = config.get(), .replay = false};
  std::vector<RuleMessage> messages;
  plan.rules = RuleCompiler(config->rules, config->detect, messages).finish();
  plan.sources.push_back(std::make_unique<Down>());
  Pipeline pipeline(std::move(plan));
  EXPECT_EQ(pipeline.counters().value("capture.down"), 1u);
}

}  // namespace
}  // namespace lapwing
