#include "sensor/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

namespace lapwing {
namespace {

Setting tree(const std::string& listen) {
  Setting root;
  Setting& node = root.make("metrics.listen", {"c.yaml", 3, 11});
  node.kind = Setting::Kind::scalar;
  node.scalar = listen;
  return root;
}

CounterSet one_counter() {
  CounterSet set;
  set.add("capture.packets", 42, "frames");
  return set;
}

std::unique_ptr<MetricsServer> serve(const std::string& listen) {
  return std::make_unique<MetricsServer>(MetricsConfig{true, listen}, tree(listen), one_counter);
}

uint16_t port_of(const MetricsServer& server) {
  const std::string url = server.url();
  return static_cast<uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

/// What the server answers to `request`.
std::string ask(uint16_t port, const std::string& request) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  (void)send(descriptor, request.data(), request.size(), MSG_NOSIGNAL);  // it may hang up before the end
  std::string out;
  char part[4096];
  for (ssize_t n = 0; (n = recv(descriptor, part, sizeof part, 0)) > 0;) out.append(part, static_cast<size_t>(n));
  close(descriptor);
  return out;
}

std::string get(uint16_t port, const std::string& path) {
  return ask(port, "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
}

TEST(MetricsServer, ServesCountersAndNothingElse) {
  auto server = serve("127.0.0.1:0");
  const std::string page = get(port_of(*server), "/metrics");
  EXPECT_NE(page.find("200 OK"), std::string::npos) << page;
  EXPECT_NE(page.find("\nlapwing_capture_packets 42\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\nlapwing_build_info{version=\"" LAPWING_VERSION "\"} 1\n"), std::string::npos);
  EXPECT_NE(page.find("\nlapwing_start_time_seconds "), std::string::npos);
  for (const char* path : {"/", "/etc/passwd", "/../etc/passwd"}) {
    EXPECT_EQ(get(port_of(*server), path).find("200 OK"), std::string::npos) << path;
  }
}

TEST(MetricsServer, GarbageHurtsNobody) {
  auto server = serve("127.0.0.1:0");
  ask(port_of(*server), std::string("\0\xff\r\n\r\n", 6));
  ask(port_of(*server), std::string(100'000, 'A') + "\r\n\r\n");
  EXPECT_NE(get(port_of(*server), "/metrics").find("200 OK"), std::string::npos);
}

TEST(MetricsServer, AnswersSeveralAtOnce) {
  auto server = serve("127.0.0.1:0");
  std::vector<std::thread> clients;
  std::vector<int> good(8);
  for (int& ok : good) {
    clients.emplace_back([&] { ok = get(port_of(*server), "/metrics").find("200 OK") != std::string::npos; });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, std::vector<int>(8, 1));
}

TEST(MetricsServer, ClientsThatSayNothingDoNotHoldAScrape) {
  auto server = serve("127.0.0.1:0");
  std::vector<int> slow;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_of(*server));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < 40; ++i) {
    slow.push_back(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(connect(slow.back(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    (void)send(slow.back(), "GET /met", 8, MSG_NOSIGNAL);
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_NE(get(port_of(*server), "/metrics").find("200 OK"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
  for (int descriptor : slow) close(descriptor);
}

TEST(MetricsServer, APortInUseIsRefusedAtItsPlace) {
  auto server = serve("127.0.0.1:0");
  const std::string same = "127.0.0.1:" + std::to_string(port_of(*server));
  try {
    serve(same);
    FAIL();
  } catch (const SettingError& error) {
    EXPECT_EQ(error.what(), "c.yaml:3:11: listen: " + same + ": Address already in use");
  }
}

TEST(MetricsServer, WhatIsNoAddressIsRefusedAtItsPlace) {
  for (const char* wrong : {"", "9477", "localhost:9477", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:9477",
                            "[127.0.0.1]:1", "127.0.0.1:1,127.0.0.1:2", "192.0.2.77:9477"}) {
    try {
      serve(wrong);
      ADD_FAILURE() << wrong << " was taken";
    } catch (const SettingError& error) {
      EXPECT_EQ(std::string(error.what()).find("c.yaml:3:11: listen: "), 0u) << error.what();
    }
  }
}

TEST(MetricsServer, IsNotThereUnlessWanted) {
  EXPECT_EQ(serve_metrics(tree("127.0.0.1:0"), MetricsConfig{false, "127.0.0.1:0"}, one_counter), nullptr);
}

}  // namespace
}  // namespace lapwing
