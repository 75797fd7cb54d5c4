// A protocol that is only recognised has its name in records and rules, and nothing else.
#include <gmock/gmock.h>

#include "tests/pipeline/connection.h"
#include "tests/pipeline/http_answer.h"

namespace lapwing {
namespace {

using namespace test;
using ::testing::ElementsAre;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: a.org\r\n\r\n";
constexpr std::string_view kHttpRules =
    "alert http any any -> any any (msg:\"name\"; content:\"GET /a\"; sid:1;)\n"
    "alert tcp any any -> any any (msg:\"final\"; app-layer-protocol:http,final; content:\"Host\"; sid:2;)\n"
    "alert http any any -> any any (msg:\"buffer\"; http.uri; content:\"/a\"; sid:3;)\n"
    "alert http any any -> any any (msg:\"frame\"; frame:http.stream; content:\"GET\"; sid:4;)\n";

class DetectionOnly : public Connection {
 protected:
  void enable(const std::string& how, const std::string& below = "") {
    Setting& node = root_.make("app-layer.protocols.http" + below + ".enabled");
    node.kind = Setting::Kind::scalar;
    node.scalar = how;
  }
  std::vector<nlohmann::json> converse() {
    handshake();
    say(Direction::to_server, kGet);
    say(Direction::to_client, kHttpAnswer);
    acknowledge(Direction::to_server);
    return all(std::string(kHttpRules));
  }
  static std::vector<int> signatures(const std::vector<nlohmann::json>& records) {
    std::vector<int> out;
    for (const auto& record : records) {
      if (record["event_type"] == "alert") out.push_back(signature(record));
    }
    std::ranges::sort(out);
    return out;
  }
  static size_t count(const std::vector<nlohmann::json>& records, std::string_view type) {
    return static_cast<size_t>(
        std::ranges::count_if(records, [&](const auto& record) { return record["event_type"] == type; }));
  }
};

TEST_F(DetectionOnly, NamesTheProtocolAndDissectsNothing) {
  for (const char* below : {"", ".tcp"}) {
    root_.children.clear();
    enable("detection-only", below);
    const auto records = converse();
    EXPECT_THAT(signatures(records), ElementsAre(1, 2)) << below;
    EXPECT_EQ(count(records, "http"), 0u);
    for (const auto& record : records) {
      EXPECT_FALSE(record.contains("http")) << record;
      if (record["event_type"] != "flow") continue;
      EXPECT_EQ(record["app_proto"], "http");
      EXPECT_FALSE(record.contains("app_proto_tc")) << "both sides are known";
    }
    EXPECT_EQ(count(records, "flow"), 1u);
  }
}

TEST_F(DetectionOnly, IsNeitherOnNorOff) {
  enable("yes");
  auto records = converse();
  EXPECT_THAT(signatures(records), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(count(records, "http"), 1u);
  enable("no");
  records = converse();
  EXPECT_THAT(signatures(records), ElementsAre());
}

}  // namespace
}  // namespace lapwing
