// Whichever layer an anomaly is found in, its record says the same of the flow.
#include <gmock/gmock.h>

#include "tests/pipeline/connection.h"

namespace lapwing {
namespace {

using namespace test;
using ::testing::Contains;
using ::testing::ElementsAre;

constexpr uint16_t kAnnounced = 9000;
const std::string kEmptyAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

const DissectorRow& http() {
  return **std::ranges::find(dissectors(), "http", [](const DissectorRow* row) { return row->about->name; });
}
/// HTTP, whose every connection announces one more to the server.
void* announce(const Beginning& beginning) {
  beginning.sink.expect({.port = kAnnounced, .protocol = "http"});
  return http().create(beginning);
}

class AnomalyEnvelope : public Connection {
 protected:
  AnomalyEnvelope() {
    for (const char* key : {"types.anomaly.types.decode", "types.anomaly.types.stream", "community-id"}) {
      Setting& node = root_.make("outputs.eve-log." + std::string(key));
      node.kind = Setting::Kind::scalar;
      node.scalar = "yes";
    }
  }
  std::vector<nlohmann::ordered_json> anomalies() {
    const auto read = SensorConfig::read(root_, {});
    SensorConfig config = *read;
    auto row = std::make_shared<DissectorRow>(http());
    row->create = &announce;
    for (AppProtocol& protocol : config.app.protocols) {
      if (protocol.row->about->name == "http") protocol.row = row;
    }
    auto out = run<nlohmann::ordered_json>(config, "");
    std::erase_if(out, [](const auto& record) {
      return record["event_type"] != "anomaly" || record["dest_port"] == kServerPort ||
             record["src_port"] == kServerPort;
    });
    return out;
  }
  static std::string layer(const nlohmann::ordered_json& record) {
    return record["anomaly"].value("layer", record["anomaly"]["type"].get<std::string>());
  }
  /// Members of every flow's envelope, in the order of the record.
  static std::vector<std::string> envelope(const nlohmann::ordered_json& record) {
    constexpr std::string_view kOfFlows[] = {"timestamp", "flow_id", "parent_id", "pcap_cnt", "event_type",  "src_ip",
                                             "src_port",  "dest_ip", "dest_port", "proto",    "community_id"};
    std::vector<std::string> out;
    for (const auto& [key, value] : record.items()) {
      if (std::ranges::find(kOfFlows, key) != std::end(kOfFlows)) out.push_back(key);
    }
    return out;
  }
};

TEST_F(AnomalyEnvelope, IsAlikeInEveryLayer) {
  handshake();
  say(Direction::to_server, "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n");
  say(Direction::to_client, kEmptyAnswer);
  acknowledge(Direction::to_server);

  connect(kAnnounced);
  constexpr uint8_t kShortTimestamp[] = {8, 3, 0};
  frames_->add(packet(Direction::to_server).ack(1).tcp_options(kShortTimestamp).build());
  frames_->add(packet(Direction::to_server).ack(999'999).build());
  say(Direction::to_server, "CONNECT a.org:80 HTTP/1.1\r\n\r\n");
  say(Direction::to_client, "HTTP/1.1 200 OK\r\n\r\n");
  say(Direction::to_server, "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n");
  say(Direction::to_client, "\x7fjunk that no protocol here begins with\r\n");
  acknowledge(Direction::to_server);

  std::vector<std::string> layers;
  for (const auto& record : anomalies()) {
    layers.push_back(layer(record));
    EXPECT_THAT(envelope(record), ElementsAre("timestamp", "flow_id", "parent_id", "pcap_cnt", "event_type", "src_ip",
                                              "src_port", "dest_ip", "dest_port", "proto", "community_id"))
        << record;
  }
  for (const char* each : {"decode", "stream", "proto_parser", "proto_detect"}) EXPECT_THAT(layers, Contains(each));
}

}  // namespace
}  // namespace lapwing
