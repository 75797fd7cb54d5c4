// Losses: the table names counters that exist, and records tell what is new.
#include "sensor/pipeline/losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sensor/pipeline/pipeline.h"

namespace lapwing {
namespace {

std::vector<std::pair<std::string, uint64_t>> pairs(const CounterSet& set) {
  std::vector<std::pair<std::string, uint64_t>> out;
  for (const CounterValue& value : set.values()) out.emplace_back(value.path, value.value);
  return out;
}
constexpr CounterKind kLoss = CounterKind::loss;
using Pairs = std::vector<std::pair<std::string, uint64_t>>;

TEST(Losses, AreRowsOfEveryRoom) {
  std::set<std::string> rooms;
  for (const CounterValue& counter : all_counter_rows()) {
    if (counter.kind == CounterKind::loss) rooms.insert(counter.path.substr(0, counter.path.find('.')));
  }
  EXPECT_THAT(rooms, testing::IsSupersetOf({"app_layer", "capture", "decoder", "defrag", "detect", "file_store", "flow",
                                            "ndpi", "outputs", "publisher", "records", "tcp"}));
}

TEST(Losses, AreWhatIsOfThatKindAndNotZero) {
  CounterSet set;
  set.add("capture.kernel_drops", 7, "", kLoss);
  set.add("tcp.reassembly_gap", 2, "", kLoss);
  set.add("flow.memcap", 0, "", kLoss);
  set.add("outputs.1.records", 9, "");
  set.add("outputs.1.dropped.failed", 4, "", kLoss);
  EXPECT_EQ(pairs(losses_of(set)),
            (Pairs{{"capture.kernel_drops", 7}, {"tcp.reassembly_gap", 2}, {"outputs.1.dropped.failed", 4}}));
}

TEST(Losses, AreToldOnce) {
  LossWatch watch;
  CounterSet first, second;
  first.add("capture.kernel_drops", 7, "", kLoss);
  second.add("capture.kernel_drops", 10, "", kLoss);
  second.add("outputs.0.dropped.backpressure", 1, "", kLoss);
  EXPECT_EQ(pairs(watch.since_last({})), Pairs{});
  EXPECT_EQ(pairs(watch.since_last(first)), (Pairs{{"capture.kernel_drops", 7}}));
  EXPECT_EQ(pairs(watch.since_last(first)), Pairs{});
  EXPECT_EQ(pairs(watch.since_last(second)),
            (Pairs{{"capture.kernel_drops", 3}, {"outputs.0.dropped.backpressure", 1}}));
}

}  // namespace
}  // namespace lapwing
