// Losses: the table names counters that exist, and records tell what is new.
#include "sensor/pipeline/losses.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sensor/pipeline/pipeline.h"

namespace lapwing {
namespace {

std::vector<std::pair<std::string, uint64_t>> pairs(const CounterSet& set) {
  std::vector<std::pair<std::string, uint64_t>> out;
  for (const CounterValue& value : set.values()) out.emplace_back(value.path, value.value);
  return out;
}
using Pairs = std::vector<std::pair<std::string, uint64_t>>;

TEST(Losses, AreCountersOfTheStatsRecord) {
  for (std::string_view path : loss_paths()) {
    CounterSet one;
    for (CounterValue& counter : all_counter_rows()) one.add(counter.path, 1, counter.help);
    const auto found = losses_of(one);
    const std::string_view part = path.substr(0, path.find('*'));
    EXPECT_TRUE(std::ranges::any_of(found.values(), [&](const auto& v) { return v.path.starts_with(part); })) << path;
  }
}

TEST(Losses, StandInTheOrderOfThePacketsWay) {
  CounterSet set;
  set.add("outputs.1.dropped.failed", 4, "");
  set.add("outputs.1.records", 9, "");
  set.add("tcp.reassembly_gap", 2, "");
  set.add("capture.kernel_drops", 7, "");
  set.add("flow.memcap", 0, "");
  EXPECT_EQ(pairs(losses_of(set)),
            (Pairs{{"capture.kernel_drops", 7}, {"tcp.reassembly_gap", 2}, {"outputs.1.dropped.failed", 4}}));
}

TEST(Losses, AreToldOnce) {
  LossWatch watch;
  CounterSet first, second;
  first.add("capture.kernel_drops", 7, "");
  second.add("capture.kernel_drops", 10, "");
  second.add("outputs.0.dropped.backpressure", 1, "");
  EXPECT_EQ(pairs(watch.since_last({})), Pairs{});
  EXPECT_EQ(pairs(watch.since_last(first)), (Pairs{{"capture.kernel_drops", 7}}));
  EXPECT_EQ(pairs(watch.since_last(first)), Pairs{});
  EXPECT_EQ(pairs(watch.since_last(second)),
            (Pairs{{"capture.kernel_drops", 3}, {"outputs.0.dropped.backpressure", 1}}));
}

}  // namespace
}  // namespace lapwing
