// A TCP connection through the whole pipeline, and the alerts that come of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/config/config.h"
#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/pipeline/frames.h"
#include "tests/pipeline/keeping.h"

namespace lapwing::test {

inline constexpr std::string_view kClientAddress = "10.0.0.1", kServerAddress = "10.0.0.2";
inline constexpr uint16_t kClientPort = 40000, kServerPort = 8080;

/// A connection whose sequence numbers begin with 0 on both sides.
class Connection : public ::testing::Test {
 protected:
  static constexpr Direction kUp = Direction::to_server, kDown = Direction::to_client;

  Connection() { root_.kind = Setting::Kind::map; }

  PacketBuilder packet(Direction direction) {
    const bool up = direction == Direction::to_server;
    PacketBuilder out;
    out.ether().ipv4(up ? kClientAddress : kServerAddress, up ? kServerAddress : kClientAddress);
    out.tcp(up ? kClientPort : server_port_, up ? server_port_ : kClientPort).seq(sent_[!up]);
    return out;
  }
  void handshake() {
    frames_ = std::make_unique<Frames>();
    connect(kServerPort);
  }
  /// One more connection, which goes on from here.
  void connect(uint16_t server_port) {
    server_port_ = server_port;
    sent_[0] = sent_[1] = 0;
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
    auto out = records(rules, "alert");
    std::ranges::sort(out, {}, signature);
    return out;
  }
  std::vector<nlohmann::json> records(const std::string& rules, std::string_view type) {
    auto out = all(rules);
    std::erase_if(out, [&](const auto& record) { return record["event_type"] != type; });
    return out;
  }
  std::vector<nlohmann::json> all(const std::string& rules) {
    return run<nlohmann::json>(*SensorConfig::read(root_, {}), rules);
  }
  template <class Json>
  std::vector<Json> run(const SensorConfig& config, const std::string& rules) {
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config.rules, config.detect, messages);
    parse_rules(rules, "test.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
    std::vector<Json> out;
    Pipeline::Plan plan{.config = &config};
    plan.rules = compiler.finish();
    plan.sources.push_back(std::move(frames_));
    plan.exporters.push_back(std::make_unique<KeepingAs<Json>>(out));
    Pipeline(std::move(plan)).run(nullptr);
    return out;
  }
  static int signature(const nlohmann::json& alert) { return alert["alert"]["signature_id"]; }

  Setting root_;
  std::unique_ptr<Frames> frames_ = std::make_unique<Frames>();
  uint16_t server_port_ = kServerPort;
  uint32_t sent_[2] = {};  // of the client, of the server
};

}  // namespace lapwing::test
