#include "sensor/pipeline/stations.h"

#include <gtest/gtest.h>

namespace lapwing {
namespace {

TEST(Stations, AreKeptOnceEachInOrderOfAppearance) {
  Stations stations(true);
  Flow flow, other;
  uint8_t ether[14] = {1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1};  // destination, source
  stations.note(flow, ether, false);
  stations.note(flow, ether, false);
  uint8_t back[14] = {2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 9};
  stations.note(flow, back, true);
  Envelope envelope;
  stations.describe(flow, envelope);
  ASSERT_EQ(envelope.ether_srcs.size(), 1U);
  EXPECT_EQ(envelope.ether_srcs[0], (MacAddress{2, 0, 0, 0, 0, 1}));
  ASSERT_EQ(envelope.ether_dests.size(), 2U);
  EXPECT_EQ(envelope.ether_dests[0], (MacAddress{1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(envelope.ether_dests[1], (MacAddress{1, 0, 0, 0, 0, 9}));
  stations.swap_direction(flow);
  stations.describe(flow, envelope);
  EXPECT_EQ(envelope.ether_srcs.size(), 2U);

  Envelope unknown;
  stations.describe(other, unknown);
  EXPECT_TRUE(unknown.ether_srcs.empty());
  stations.forget(flow);
  stations.describe(flow, unknown);
  EXPECT_TRUE(unknown.ether_dests.empty());
}

TEST(Stations, BeyondTheMostAreCounted) {
  Stations stations(true);
  Flow flow;
  for (uint8_t i = 0; i < 12; ++i) {
    const uint8_t ether[14] = {1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, i};
    stations.note(flow, ether, false);
  }
  Envelope envelope;
  stations.describe(flow, envelope);
  EXPECT_EQ(envelope.ether_srcs.size(), Stations::kMaxStations);
  EXPECT_EQ(stations.counters().max_stations, 2U);
}

}  // namespace
}  // namespace lapwing
