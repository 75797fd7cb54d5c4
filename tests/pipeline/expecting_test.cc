// How long, how many, and of whom flows are expected.
#include <gtest/gtest.h>

#include "sensor/app/expectations.h"
#include "tests/pipeline/made_up/lines.h"
#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

TEST(Expecting, AreThoseOfTheirPortAndTransportWithinTheirTime) {
  for (const int64_t seconds : {Expectations::kLifetime - 1, Expectations::kLifetime + 1}) {
    Capture capture;
    Conversation(capture).open().server(expects("server", "tcp", kData));
    capture.wait(seconds);
    Conversation(capture, {.client_port = 40002, .server_port = kData + 1}).open().client("a line\n");
    Conversation(capture, {.client_port = 40003, .server_port = kData}).datagram(kClient, "a line\n");
    Conversation(capture, {.client = "10.0.0.3", .client_port = 40004, .server_port = kData}).open().client("a line\n");
    Conversation(capture, {.client_port = 40001, .server_port = kData}).open().client("a line\n");
    const Outcome got = sense(capture);
    ASSERT_EQ(got.of("guest").size(), seconds < Expectations::kLifetime ? 1u : 0u);
    for (const auto& line : got.of("guest")) EXPECT_EQ(line["src_port"], 40001);
  }
}

TEST(Expecting, OneAnnouncementIsOfOneFlow) {
  Capture capture;
  Conversation(capture).open().server(expects("server", "tcp", kData));
  Conversation(capture, {.client_port = 40001, .server_port = kData}).open().client("a line\n");
  Conversation(capture, {.client_port = 40002, .server_port = kData}).open().client("a line\n");
  EXPECT_EQ(sense(capture).of("guest").size(), 1u);
}

TEST(Expecting, NoOtherProtocolThanTcpAndUdpIsMet) {
  Capture capture;
  Conversation(capture).open().server(expects("server", "tcp", 0));
  for (bool up : {true, false}) {
    PacketBuilder ping;
    ping.ether().ipv4(up ? "10.0.0.1" : "10.0.0.2", up ? "10.0.0.2" : "10.0.0.1").icmp(up ? 8 : 0);
    capture.add(ping.payload("a line\n"));
  }
  const Outcome got = sense(capture);
  EXPECT_EQ(got.stat("app_layer.expected"), 0u);
  for (const auto& flow : got.of("flow")) EXPECT_FALSE(flow.contains("parent_id")) << flow;
}

TEST(Expecting, BeyondTheBoundsTheOldestAreGivenUpAndCounted) {
  Capture pair;
  Conversation control(pair);
  control.open();
  for (uint16_t port = 0; port <= Expectations::kMaxPair; ++port) {
    control.server(expects("server", "tcp", kData + port));
  }
  for (uint16_t port : {kData, static_cast<uint16_t>(kData + 1)}) {
    Conversation(pair, {.client_port = 40001, .server_port = port}).open().client("a line\n");
  }
  const Outcome of_pair = sense(pair);
  EXPECT_EQ(of_pair.stat("app_layer.expectations_pair_max"), 1u);
  ASSERT_EQ(of_pair.of("guest").size(), 1u);
  EXPECT_EQ(of_pair.of("guest")[0]["dest_port"], kData + 1);
  EXPECT_EQ(of_pair.of("loss").back()["loss"]["app_layer"]["expectations_pair_max"], 1);

  Capture all;
  std::vector<std::string> servers;
  for (size_t i = 0; i * 8 <= Expectations::kMaxTotal; ++i) {
    servers.push_back("10.1." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250));
  }
  for (const std::string& server : servers) {
    Conversation many(all, {.server = server});
    for (uint16_t port = 0; port < 8; ++port) many.datagram(kServer, expects("server", "udp", kData + port));
  }
  const Outcome of_all = sense(all, {.options = "outputs: [{eve-log: {types: [stats]}}]\n"});
  EXPECT_EQ(of_all.stat("app_layer.expectations"), servers.size() * 8);
  EXPECT_EQ(of_all.stat("app_layer.expectations_max"), servers.size() * 8 - Expectations::kMaxTotal);
}

TEST(Expecting, AreMetWhicheverWorkerHasTheirHosts) {
  Capture capture(Cut::scrambled);
  std::vector<std::string> servers;
  for (int i = 1; i <= 24; ++i) servers.push_back("10.2.0." + std::to_string(i));
  for (const std::string& server : servers) {
    Conversation control(capture, {.server = server});
    control.open().server(expects("server", "tcp", kData, "guest passive"));
    control.client(expects("client", "udp", kData, "guest active"));
  }
  for (const std::string& server : servers) {
    Conversation(capture, {.server = server, .client_port = 40001, .server_port = kData})
        .open()
        .client("a line\n")
        .close();
    Conversation(capture, {.client = server, .server = "10.0.0.1", .client_port = 20, .server_port = kData})
        .datagram(kClient, "a line\n");
  }
  const Outcome one = sense(capture), four = sense(capture, {.workers = 4});
  EXPECT_EQ(one.of("guest").size(), 2 * servers.size());
  EXPECT_EQ(four.stat("app_layer.expected"), 2 * servers.size());
  EXPECT_EQ(one.told(), four.told());
}

}  // namespace
}  // namespace lapwing::test
