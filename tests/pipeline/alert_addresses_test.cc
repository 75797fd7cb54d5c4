// Whose bytes an alert is on, and so between whom: its direction and its addresses tell the same.
#include <gtest/gtest.h>

#include <algorithm>

#include "sensor/config/config.h"
#include "sensor/pipeline/pipeline.h"
#include "signatures/rule_set.h"
#include "tests/pipeline/frames.h"
#include "tests/pipeline/keeping.h"

namespace lapwing {
namespace {

constexpr std::string_view kClient = "10.0.0.1", kServer = "10.0.0.2";
constexpr uint16_t kClientPort = 40000, kServerPort = 8080;

/// A connection whose sequence numbers begin with 0 on both sides.
class AlertAddresses : public ::testing::Test {
 protected:
  AlertAddresses() { root_.kind = Setting::Kind::map; }

  test::PacketBuilder packet(Direction direction) {
    const bool up = direction == Direction::to_server;
    test::PacketBuilder out;
    out.ether().ipv4(up ? kClient : kServer, up ? kServer : kClient);
    out.tcp(up ? kClientPort : kServerPort, up ? kServerPort : kClientPort).seq(sent_[!up]);
    return out;
  }
  void handshake() {
    frames_->add(packet(Direction::to_server).syn().build());
    frames_->add(packet(Direction::to_client).syn_ack(1).build());
    sent_[0] = sent_[1] = 1;
    acknowledge(Direction::to_server);
  }
  void acknowledge(Direction from) { frames_->add(packet(from).ack(sent_[from == Direction::to_server]).build()); }
  void say(Direction from, std::string_view text) {
    frames_->add(packet(from).ack(sent_[from == Direction::to_server]).psh().payload(text).build());
    sent_[from == Direction::to_client] += static_cast<uint32_t>(text.size());
  }
  /// The alerts that these rules raise, by signature.
  std::vector<nlohmann::json> alerts(const std::string& rules) {
    const auto config = SensorConfig::read(root_, {});
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config->rules, config->detect, messages);
    parse_rules(rules, "test.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
    std::vector<nlohmann::json> out;
    Pipeline::Plan plan{.config = config.get()};
    plan.rules = compiler.finish();
    plan.sources.push_back(std::move(frames_));
    plan.exporters.push_back(std::make_unique<test::Keeping>(out));
    Pipeline(std::move(plan)).run(nullptr);
    std::erase_if(out, [](const auto& record) { return record["event_type"] != "alert"; });
    std::ranges::sort(out, {}, signature);
    return out;
  }
  static int signature(const nlohmann::json& alert) { return alert["alert"]["signature_id"]; }
  static void expect_from_server(const nlohmann::json& alert) {
    SCOPED_TRACE(alert.dump());
    EXPECT_EQ(alert["direction"], "to_client");
    EXPECT_EQ(alert["src_ip"], kServer);
    EXPECT_EQ(alert["src_port"], kServerPort);
    EXPECT_EQ(alert["dest_ip"], kClient);
    EXPECT_EQ(alert["dest_port"], kClientPort);
    EXPECT_EQ(alert["alert"]["target"]["ip"], kClient);
  }

  Setting root_;
  std::unique_ptr<test::Frames> frames_ = std::make_unique<test::Frames>();
  uint32_t sent_[2] = {};  // of the client, of the server
};

TEST_F(AlertAddresses, OfWhatNobodyAcknowledgedAreItsSenders) {
  handshake();
  say(Direction::to_server, "GET /report HTTP/1.1\r\nHost: a.example\r\n\r\n");
  acknowledge(Direction::to_client);
  say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbrown fox");
  const auto found = alerts(
      "alert http any any -> any any (msg:\"body\"; flow:to_client; file.data; content:\"fox\"; target:dest_ip; "
      "sid:1;)\n"
      "alert tcp any any -> any any (msg:\"stream\"; content:\"brown\"; target:dest_ip; sid:2;)\n"
      "alert tcp any any -> any any (msg:\"answer\"; flow:only_stream; content:\"200 OK\"; target:dest_ip; sid:3;)\n");
  ASSERT_EQ(found.size(), 3u);
  for (const auto& alert : found) expect_from_server(alert);
}

TEST_F(AlertAddresses, OfAnUnacknowledgedRequestAreTheClients) {
  handshake();
  say(Direction::to_server, "GET /report HTTP/1.1\r\nHost: a.example\r\n\r\n");
  const auto found = alerts("alert http any any -> any any (msg:\"request\"; http.uri; content:\"report\"; sid:1;)\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["direction"], "to_server");
  EXPECT_EQ(found[0]["src_ip"], kClient);
  EXPECT_EQ(found[0]["dest_port"], kServerPort);
}

/// Picked up at the answer, the connection turns only when rules have looked at its first 2,560 bytes.
TEST_F(AlertAddresses, OfATurnedConnectionAreThoseOfItsSides) {
  set_value(root_, "stream.midstream=yes");
  say(Direction::to_client,
      "HTTP/1.1 200 OK\r\nServer: brown\r\nContent-Length: 4000\r\n\r\nfox" + std::string(3997, 'x'));
  acknowledge(Direction::to_server);
  const auto found = alerts(
      "alert tcp any any -> any any (msg:\"either\"; flow:only_stream; content:\"brown\"; target:dest_ip; sid:1;)\n"
      "alert tcp any any -> any any (msg:\"answer\"; flow:only_stream,to_client; content:\"fox\"; target:dest_ip; "
      "sid:2;)\n"
      "alert tcp any any -> any any (msg:\"request\"; flow:only_stream,to_server; content:\"fox\"; sid:3;)\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(signature(found[0]), 1);
  EXPECT_EQ(signature(found[1]), 2);
  for (const auto& alert : found) expect_from_server(alert);
}

}  // namespace
}  // namespace lapwing
