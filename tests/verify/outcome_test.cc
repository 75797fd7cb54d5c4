#include "sensor/verify/outcome.h"

#include <gtest/gtest.h>

namespace lapwing::verify {
namespace {

TEST(OfApplications, LeavesOutWhatDependsOnPackets) {
  struct Row {
    const char *record, *kept;  // null: nothing
  };
  for (const Row& row : {
           Row{R"({"event_type":"dns","timestamp":"x","flow_id":1,"parent_id":2,"dns":{"id":1}})",
               R"({"dns":{"id":1},"event_type":"dns"})"},
           Row{R"({"event_type":"http","app_proto":"http","app_proto_ts":"failed"})",
               R"({"app_proto":"http","event_type":"http"})"},
           Row{R"({"event_type":"flow"})", nullptr},
           Row{R"({"event_type":"stats"})", nullptr},
           Row{R"({"event_type":"behaviour"})", nullptr},
           Row{R"({"event_type":"anomaly","anomaly":{"type":"stream"}})", nullptr},
           Row{R"({"event_type":"anomaly","anomaly":{"type":"applayer"}})",
               R"({"anomaly":{"type":"applayer"},"event_type":"anomaly"})"},
           Row{R"({"event_type":"frame","frame":{"complete":false}})", nullptr},
       }) {
    const auto kept = of_applications(Json::parse(row.record));
    EXPECT_EQ(kept ? kept->dump() : "nothing", row.kept ? row.kept : "nothing");
  }
}

TEST(Bounds, AreLossesOfTheSensorsOwn) {
  CounterSet counters;
  counters.add("capture.errors", 3, "", CounterKind::loss);
  counters.add("tcp.reassembly_gap", 3, "", CounterKind::loss);
  EXPECT_TRUE(bounds_hit(counters).empty());
  counters.add("flow.memcap", 1, "", CounterKind::loss);
  EXPECT_EQ(bounds_hit(counters), std::vector<std::string>{"flow.memcap"});
}

}  // namespace
}  // namespace lapwing::verify
