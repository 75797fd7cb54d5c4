// How far flows are reassembled: as the configuration has it, as their protocol asks, and as the files they carry need.
#include "tests/pipeline/connection.h"

#include <cstdlib>
#include <filesystem>

namespace lapwing {
namespace {

constexpr size_t kBody = 300'000;
const std::string kDepthRules = R"(alert http any any -> any any (file.data; content:"AT THE END"; sid:1;)
alert http any any -> any any (filestore; noalert; sid:2;))";

class Depth : public test::Connection {
 protected:
  void set(std::string_view key, std::string_view value) {
    Setting& node = root_.make(key);
    node.kind = Setting::Kind::scalar;
    node.scalar = value;
  }
  /// A file far beyond the depth; whether the rule saw its end.
  bool seen() {
    set("stream.reassembly.depth", "100kb");
    set("app-layer.protocols.http.libhtp.default-config.response-body-limit", "0");
    handshake();
    say(kUp, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    acknowledge(kDown);
    std::string rest = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBody + 10) + "\r\n\r\n" +
                       std::string(kBody, 'x') + "AT THE END";
    for (; !rest.empty(); rest.erase(0, 1400)) {
      say(kDown, std::string_view(rest).substr(0, 1400));
      acknowledge(kUp);
      if (rest.size() <= 1400) break;
    }
    return !alerts(kDepthRules).empty();
  }
};

TEST_F(Depth, IsThatOfTheConfigurationUnlessTheProtocolHasItsOwn) {
  EXPECT_FALSE(seen());
  set("app-layer.protocols.http.stream-depth", "200kb");
  EXPECT_FALSE(seen());
  set("app-layer.protocols.http.stream-depth", "400kb");
  EXPECT_TRUE(seen());
  set("app-layer.protocols.http.stream-depth", "0");
  EXPECT_TRUE(seen());
}

TEST_F(Depth, HasNoEndWhereAFileIsStored) {
  char folder[] = "/tmp/lapwing-depth-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const auto yaml =
      parse_yaml("outputs: [{file-store: {version: 2, enabled: yes, dir: " + std::string(folder) + "}}]\n", "f.yaml");
  root_.children.push_back(std::move(yaml->children[0]));
  EXPECT_TRUE(seen());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lapwing
