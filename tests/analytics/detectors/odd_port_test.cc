#include "analytics/detectors/odd_port.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

size_t found_of(uint16_t port, std::string_view protocol, FlowUpdate update, bool midstream = false,
                std::string_view application = "") {
  Scene scene;
  FlowRef flow = scene.flow({"10.0.0.5", "203.0.113.9", port});
  flow.protocol = protocol;
  flow.midstream = midstream;
  flow.application = application;
  scene.tell(flow, update);
  return scene.found(*detector<OddPort>().read(OptionSource())).size();
}

TEST(OddPortTest, WhatBelongsElsewhere) {
  const FlowUpdate identified{.moment = FlowMoment::identified};
  const struct {
    uint16_t port;
    std::string_view protocol;
    bool odd;
  } kRows[] = {{80, "tls", true},   {22, "http", true},      {443, "ssh", true},   {443, "tls", false},
               {80, "http", false}, {25, "tls", false},      {853, "dns", false},  {8443, "ssh", false},
               {53, "http", true},  {21, "ftp-data", false}, {993, "imap", false}, {443, "", false},
               {443, "rdp", true},  {445, "ssh", true},      {3389, "tls", false}, {445, "smb", false}};
  for (const auto& [port, protocol, odd] : kRows) {
    EXPECT_EQ(found_of(port, protocol, identified) > 0, odd) << protocol << " on " << port;
  }
}

TEST(OddPortTest, WhatIsUnknown) {
  const FlowUpdate much{.moment = FlowMoment::closed, .bytes = {5000, 9000}};
  const FlowUpdate little{.moment = FlowMoment::closed, .bytes = {500, 900'000}};
  EXPECT_GT(found_of(443, "failed", much), 0U);
  EXPECT_EQ(found_of(443, "failed", much, true), 0U);
  EXPECT_EQ(found_of(443, "failed", little), 0U);
  EXPECT_EQ(found_of(443, "failed", much, false, "TLS.Signal"), 0U);
  EXPECT_GT(found_of(53, "failed", much, false, "DNS"), 0U);
  EXPECT_EQ(found_of(4444, "failed", much), 0U);
}

}  // namespace
}  // namespace lapwing::analytics
