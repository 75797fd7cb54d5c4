// Names of anomalies in records.
#include "sensor/pipeline/anomaly_name.h"

#include <gtest/gtest.h>

#include <string>

namespace lapwing {
namespace {

TEST(AnomalyName, HasItsPrefixAndItsCapitals) {
  EXPECT_EQ(AnomalyName("decoder.", "", "ipv4.trunc_pkt", false).view(), "decoder.ipv4.trunc_pkt");
  EXPECT_EQ(AnomalyName("", "", "3whs_ack_2", true).view(), "3WHS_ACK_2");
  EXPECT_EQ(AnomalyName("", "mime", "no_end", true).view(), "MIME_NO_END");
  EXPECT_EQ(AnomalyName("", "", "", true).view(), "");
}

TEST(AnomalyName, IsCutWhereTheRoomEnds) {
  const std::string most(96 - 7, 'a');
  EXPECT_EQ(AnomalyName("stream.", "", most + "b", false).view(), "stream." + most);
  EXPECT_EQ(AnomalyName(std::string(200, 'p'), "", "a", true).view(), std::string(96, 'p'));
}

}  // namespace
}  // namespace lapwing
