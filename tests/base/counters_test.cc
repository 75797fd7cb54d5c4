#include "sensor/base/counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lapwing {
namespace {

struct Counters {
  uint64_t packets = 0, drops = 0;
};
constexpr CounterRow<Counters> kCounterRows[] = {
    {"decoder.pkts", &Counters::packets, "Packets."},
    {"decoder.drops", &Counters::drops, "Dropped."},
};

TEST(CounterSetTest, WorkersAddUpInTheOrderFirstAdded) {
  CounterSet set;
  set.add<Counters>({.packets = 5, .drops = 1}, kCounterRows);
  set.add("flow.total", 7, "Flows.");
  set.add<Counters>({.packets = 10, .drops = UINT32_MAX}, kCounterRows);
  ASSERT_EQ(set.values().size(), 3u);
  EXPECT_EQ(set.values()[0].path, "decoder.pkts");
  EXPECT_EQ(set.values()[2].path, "flow.total");
  EXPECT_EQ(set.value("decoder.pkts"), 15u);
  EXPECT_EQ(set.value("decoder.drops"), uint64_t{UINT32_MAX} + 1);
  EXPECT_EQ(set.values()[1].help, "Dropped.");
}

TEST(CounterSetTest, OfMaximaTheGreatestStays) {
  CounterSet set, other;
  set.add("decoder.max_pkt_size", 60, "", CounterKind::maximum);
  set.add("decoder.max_pkt_size", 1500, "", CounterKind::maximum);
  other.add("decoder.max_pkt_size", 590, "", CounterKind::maximum);
  set.add(other);
  EXPECT_EQ(set.value("decoder.max_pkt_size"), 1500u);
}

TEST(CounterSetTest, AnUnknownPathIsZero) {
  EXPECT_EQ(CounterSet().value("none"), 0u);
}

}  // namespace
}  // namespace lapwing
