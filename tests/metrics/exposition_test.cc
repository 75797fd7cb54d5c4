#include "sensor/metrics/exposition.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace lapwing {
namespace {

std::string text_of(const CounterSet& counters) {
  return prometheus::TextSerializer().Serialize(families_of(counters));
}

TEST(Exposition, APathIsAName) {
  CounterSet set;
  set.add("tcp.reassembly_gap", 7, "holes in streams");
  set.add("flow.memuse", 4096, "bytes of flows", CounterKind::gauge);
  set.add("app_layer.tx.a-b", 1, "transactions");
  EXPECT_EQ(text_of(set),
            "# HELP lapwing_tcp_reassembly_gap holes in streams\n"
            "# TYPE lapwing_tcp_reassembly_gap counter\n"
            "lapwing_tcp_reassembly_gap 7\n"
            "# HELP lapwing_flow_memuse bytes of flows\n"
            "# TYPE lapwing_flow_memuse gauge\n"
            "lapwing_flow_memuse 4096\n"
            "# HELP lapwing_app_layer_tx_a_b transactions\n"
            "# TYPE lapwing_app_layer_tx_a_b counter\n"
            "lapwing_app_layer_tx_a_b 1\n");
}

TEST(Exposition, WhatIsNumberedIsALabel) {
  CounterSet set;
  set.add("outputs.0.dropped.failed", 1, "dropped");
  set.add("outputs.10.dropped.failed", 2, "dropped");
  set.add("capture.interfaces.1.down", 1, "away", CounterKind::gauge);
  set.add("detect.engines.0.rules_loaded", 3, "rules", CounterKind::gauge);
  set.add("workers.3.adoptions", 4, "taken");
  EXPECT_EQ(text_of(set),
            "# HELP lapwing_outputs_dropped_failed dropped\n"
            "# TYPE lapwing_outputs_dropped_failed counter\n"
            "lapwing_outputs_dropped_failed{output=\"0\"} 1\n"
            "lapwing_outputs_dropped_failed{output=\"10\"} 2\n"
            "# HELP lapwing_capture_interfaces_down away\n"
            "# TYPE lapwing_capture_interfaces_down gauge\n"
            "lapwing_capture_interfaces_down{interface=\"1\"} 1\n"
            "# HELP lapwing_detect_engines_rules_loaded rules\n"
            "# TYPE lapwing_detect_engines_rules_loaded gauge\n"
            "lapwing_detect_engines_rules_loaded{engine=\"0\"} 3\n"
            "# HELP lapwing_workers_adoptions taken\n"
            "# TYPE lapwing_workers_adoptions counter\n"
            "lapwing_workers_adoptions{worker=\"3\"} 4\n");
}

TEST(Exposition, TextsOfOnePlaceAreLabelsOfOneMetric) {
  CounterSet set;
  set.set_text("outputs.0.type", "zmq", "kind");
  set.set_text("outputs.0.destination", "a\\b\"c\"\n", "where");
  set.set_text("outputs.1.type", "regular", "kind");
  const std::string text = text_of(set);
  EXPECT_EQ(text.substr(text.find("\nlapwing") + 1),
            "lapwing_outputs_info{output=\"0\",type=\"zmq\",destination=\"a\\\\b\\\"c\\\"\\n\"} 1\n"
            "lapwing_outputs_info{output=\"1\",type=\"regular\"} 1\n");
}

TEST(Exposition, LargeNumbersKeepTheirDigits) {
  CounterSet set;
  set.add("capture.bytes", 1234567890123456, "bytes");
  const std::string text = text_of(set);
  EXPECT_NE(text.find("lapwing_capture_bytes 1234567890123456\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace lapwing
