// Interfaces that show connections from one side: what is said of them, and that nothing rests on silence there.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

constexpr uint16_t kClients = 30, kEach = 5;

/// Connections of many clients, of which those before `one_sided` of each are seen from the client alone.
void connect(Capture& capture, uint16_t one_sided, uint16_t first_port = 40000) {
  for (uint16_t host = 1; host <= kClients; ++host) {
    const std::string client = "10.0.0." + std::to_string(host);
    for (uint16_t i = 0; i < kEach; ++i) {
      Conversation talk(capture, {.client = client,
                                  .server = "10.0.1.1",
                                  .client_port = static_cast<uint16_t>(first_port + i),
                                  .server_port = 8080});
      if (i < one_sided) talk.hide(Direction::to_client);
      talk.open().client("a line\n").close();
    }
  }
  capture.wait(10);
}

/// Of ports that nobody answers at, and where `refused` is none, no other either.
void scan(Capture& capture, uint16_t ports, uint16_t refused = 0) {
  for (uint16_t port = 1; port <= ports; ++port) {
    const auto packet = [&](const char* from, const char* to) { return PacketBuilder().ether().ipv4(from, to); };
    capture.add(packet("10.0.0.99", "10.0.1.5").tcp(50000, port).flags(tcp_flag::syn));
    if (port > refused) continue;
    capture.add(packet("10.0.1.5", "10.0.0.99").tcp(port, 50000).flags(tcp_flag::rst | tcp_flag::ack));
  }
  capture.wait(10);
  Conversation(capture, {.client = "10.0.0.98", .server = "10.0.1.6"}).open().close();
}

/// With one worker, where four tell and count the same.
Outcome sensed(const Capture& capture, const std::string& options = {}) {
  const Outcome one = sense(capture, {.options = options});
  const Outcome four = sense(capture, {.options = options, .workers = 4});
  EXPECT_EQ(one.told(), four.told());
  for (const char* path : {"analytics.scan.one_sided", "analytics.interfaces.one_sided"}) {
    EXPECT_EQ(one.stat(path), four.stat(path)) << path;
  }
  return one;
}

size_t scans(const Outcome& outcome) {
  return static_cast<size_t>(std::ranges::count_if(
      outcome.of("behaviour"), [](const auto& record) { return record["behaviour"]["name"] == "scan"; }));
}

TEST(OneSided, WhereConnectionsHaveTwoSidesSilenceTells) {
  Capture capture;
  connect(capture, 0);
  scan(capture, 120);
  const Outcome outcome = sensed(capture);
  EXPECT_GT(scans(outcome), 0u);
  EXPECT_EQ(outcome.stat("analytics.interfaces.one_sided"), 0u);
  EXPECT_TRUE(outcome.of("engine").empty());
}

TEST(OneSided, WhereManyHaveOneItDoesNot) {
  Capture capture;
  connect(capture, 2);
  scan(capture, 120);
  const Outcome outcome = sensed(capture);
  EXPECT_EQ(scans(outcome), 0u);
  EXPECT_EQ(outcome.stat("analytics.scan.one_sided"), 120u);
  EXPECT_EQ(outcome.stat("analytics.interfaces.one_sided"), 1u);
  ASSERT_EQ(outcome.of("engine").size(), 1u);
  const nlohmann::json record = outcome.of("engine")[0];
  EXPECT_EQ(record["engine"]["module"], "analytics");
  EXPECT_EQ(record["interface"]["one_sided"], true);
  EXPECT_EQ(record["interface"]["name"], "0");
  EXPECT_EQ(record["interface"]["detectors"], nlohmann::json::array({"flood", "scan"}));
}

TEST(OneSided, AFewAreNoReason) {
  Capture capture;
  connect(capture, 1);
  scan(capture, 120);
  EXPECT_GT(scans(sensed(capture)), 0u);
}

TEST(OneSided, WhatIsRefusedIsNoSilence) {
  Capture capture;
  connect(capture, 3);
  scan(capture, 120, 100);
  const Outcome outcome = sensed(capture);
  EXPECT_GT(scans(outcome), 0u);
  EXPECT_EQ(outcome.stat("analytics.scan.one_sided"), 20u);
}

TEST(OneSided, ThresholdsAreOptions) {
  Capture capture;
  connect(capture, 2);
  scan(capture, 120);
  EXPECT_GT(scans(sensed(capture, "analytics: {interfaces: {one-sided: 100}}")), 0u) << "never";
  EXPECT_GT(scans(sensed(capture, "analytics: {interfaces: {connections: 10000}}")), 0u) << "too few";
  EXPECT_GT(scans(sensed(capture, "analytics: {interfaces: {each: 1}}")), 0u) << "of too few clients";
}

TEST(OneSided, OneClientAloneDecidesNothing) {
  Capture capture;
  for (uint16_t i = 0; i < 400; ++i) {
    Conversation(capture, {.client = "10.0.0.7", .server = "10.0.1.1", .client_port = static_cast<uint16_t>(30000 + i)})
        .hide(Direction::to_client)
        .open()
        .client("x");
  }
  connect(capture, 0);
  scan(capture, 120);
  const Outcome outcome = sensed(capture);
  EXPECT_GT(scans(outcome), 0u);
  EXPECT_EQ(outcome.stat("analytics.interfaces.marked"), 0u);
}

TEST(OneSided, ItIsOverWhenFewAreLeft) {
  Capture capture;
  connect(capture, 5);
  scan(capture, 0);  // it is told while the wire is not silent
  capture.wait(60);
  connect(capture, 0, 41000);
  capture.wait(60);
  connect(capture, 0, 42000);
  scan(capture, 120);
  const Outcome outcome = sensed(capture);
  EXPECT_GT(scans(outcome), 0u);
  ASSERT_EQ(outcome.of("engine").size(), 2u);
  EXPECT_EQ(outcome.of("engine")[1]["interface"]["one_sided"], false);
  EXPECT_EQ(outcome.stat("analytics.interfaces.one_sided"), 0u);
  EXPECT_EQ(outcome.stat("analytics.interfaces.marked"), 1u);
}

}  // namespace
}  // namespace lapwing::test
