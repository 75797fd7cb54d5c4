#include "sensor/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <string_view>
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

/// A connection to the server on loopback.
class Client {
 public:
  explicit Client(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    descriptor_ = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { hang_up(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // it may hang up before the end
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void half_close() { shutdown(descriptor_, SHUT_WR); }
  /// Everything up to the end.
  std::string hear() {
    std::string out;
    char part[4096];
    for (ssize_t n = 0; (n = recv(descriptor_, part, sizeof part, 0)) > 0;) out.append(part, static_cast<size_t>(n));
    return out;
  }
  void hang_up() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_ = -1;
};

std::string ask(uint16_t port, const std::string& request) {
  Client client(port);
  client.say(request);
  return client.hear();
}

std::string get(uint16_t port, const std::string& path) {
  return ask(port, "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
}

/// "200" of "HTTP/1.1 200 OK ..."; empty where nothing was answered.
std::string status(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? answer.substr(9, 3) : "";
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

TEST(MetricsServer, AnswersEveryMethodAndPath) {
  auto server = serve("127.0.0.1:0");
  const uint16_t port = port_of(*server);
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND",
                             "MKCOL", "UNLOCK", "BREW"}) {
    for (const char* path : {"/metrics", "/metrics?name=x", "http://localhost/metrics", "/metrics/", "/metricsx", "/",
                             "*", "localhost:1", "/../metrics", "/%6detrics", "//metrics", "/index.html"}) {
      const std::string method_text = method;
      for (const char* rest :
           {" HTTP/1.1\r\nHost: a\r\n\r\n", " HTTP/1.0\r\n\r\n", " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            " HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nabc",
            " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        Client client(port);
        client.say(method_text + " " + path + rest);
        client.half_close();
        const std::string answer = client.hear();
        const bool there = std::string_view(path).find("/metrics") != std::string_view::npos &&
                           path != std::string("/metrics/") && path != std::string("/metricsx") &&
                           path != std::string("/../metrics") && path != std::string("//metrics");
        const bool reads = method_text == "GET" || method_text == "HEAD";
        const std::string expected = !there ? "404" : reads ? "200" : "405";
        EXPECT_EQ(status(answer), expected) << method << " " << path << rest;
        const bool page = answer.find("\nlapwing_capture_packets 42\n") != std::string::npos;
        EXPECT_EQ(page, there && method_text == "GET") << method << " " << path << rest;
        EXPECT_EQ(answer.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos, expected == "405");
      }
    }
  }
}

TEST(MetricsServer, HeadSaysHowLongThePageIs) {
  auto server = serve("127.0.0.1:0");
  const std::string page = get(port_of(*server), "/metrics");
  const std::string head = ask(port_of(*server), "HEAD /metrics HTTP/1.0\r\n\r\n");
  EXPECT_EQ(head, page.substr(0, page.find("\r\n\r\n") + 4));
  const size_t body = page.size() - head.size();
  EXPECT_NE(head.find("Content-Length: " + std::to_string(body) + "\r\n"), std::string::npos) << head;
}

TEST(MetricsServer, RefusesWhatIsNoRequest) {
  auto server = serve("127.0.0.1:0");
  const uint16_t port = port_of(*server);
  EXPECT_EQ(status(ask(port, "GET /metrics HTTP/1.1\r\n\r\n")), "400");  // no Host
  EXPECT_EQ(status(ask(port, "GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")), "400");
  EXPECT_EQ(status(ask(port, "GET /metrics HTTP/9.9\r\nHost: a\r\n\r\n")), "400");
  EXPECT_EQ(status(ask(port, "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03\r\n\r\n")), "400");  // TLS
  EXPECT_EQ(status(ask(port, "GET /metrics HTTP/1.1\r\nHost : a\r\n\r\n")), "400");
  EXPECT_EQ(server->counters().refused, 5u);
}

TEST(MetricsServer, ALongRequestIsRefused) {
  auto server = serve("127.0.0.1:0");
  const uint16_t port = port_of(*server);
  const std::string begin = "GET /metrics HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string end = "\r\n\r\n";
  const size_t rest = HttpServer::kHeader - begin.size() - end.size();
  EXPECT_EQ(status(ask(port, begin + std::string(rest, 'x') + end)), "200");
  EXPECT_EQ(server->counters().header_max, 0u);
  EXPECT_EQ(status(ask(port, begin + std::string(rest + 200, 'x') + end)), "431");
  EXPECT_EQ(status(ask(port, begin + std::string(50'000, 'x'))), "431");
  EXPECT_EQ(server->counters().header_max, 2u);
}

TEST(MetricsServer, APageThatCannotBeMadeEndsNothing) {
  MetricsServer server(MetricsConfig{true, "127.0.0.1:0"}, tree("127.0.0.1:0"),
                       []() -> CounterSet { throw std::bad_alloc(); });
  EXPECT_EQ(status(get(port_of(server), "/metrics")), "500");
  EXPECT_EQ(status(get(port_of(server), "/")), "404");
}

TEST(MetricsServer, ClientsThatSayNothingDoNotHoldAScrape) {
  auto server = serve("127.0.0.1:0");
  const uint16_t port = port_of(*server);
  std::vector<std::unique_ptr<Client>> slow;
  for (size_t i = 0; i < 3 * HttpServer::kConnections; ++i) {
    slow.push_back(std::make_unique<Client>(port));
    if (i % 3) slow.back()->say(i % 3 == 1 ? "GET /met" : "GET /metrics HTTP/1.1\r\nHost: a\r\n");
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(status(get(port, "/metrics")), "200");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(HttpServer::kRequestTime));
  EXPECT_GE(server->counters().connections_max, 2 * HttpServer::kConnections);
  // Those that were left are closed when their time is over, however slowly they go on.
  std::atomic<bool> over = false;
  std::thread drips([&] {
    while (!over) {
      slow.back()->say("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  const auto limit = begin + std::chrono::seconds(30);
  while (server->counters().time_max == 0 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  over = true;
  drips.join();
  EXPECT_EQ(slow.back()->hear(), "");
  EXPECT_GE(server->counters().time_max, 1u);
}

TEST(MetricsServer, WhoHasItsAnswerGivesWay) {
  auto server = serve("127.0.0.1:0");
  const uint16_t port = port_of(*server);
  std::vector<std::unique_ptr<Client>> done;
  for (size_t i = 0; i < 3 * HttpServer::kConnections; ++i) {
    done.push_back(std::make_unique<Client>(port));  // and stays
    done.back()->say("HEAD /metrics HTTP/1.0\r\n\r\n");
    EXPECT_EQ(status(done.back()->hear()), "200");
  }
  EXPECT_EQ(server->counters().connections_max, 0u);
}

TEST(MetricsServer, APageIsMadeOnceForAllWhoAskAtATime) {
  std::atomic<uint64_t> made = 0;
  MetricsServer server(MetricsConfig{true, "127.0.0.1:0"}, tree("127.0.0.1:0"), [&] {
    CounterSet set;
    set.add("capture.packets", ++made, "packets");
    return set;
  });
  const uint16_t port = port_of(server);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(status(get(port, "/metrics")), "200");
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  EXPECT_LE(made.load(), static_cast<uint64_t>(spent.count() / MetricsServer::kFresh) + 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(MetricsServer::kFresh));
  const uint64_t before = made;
  EXPECT_NE(get(port, "/metrics").find("lapwing_capture_packets " + std::to_string(before + 1)), std::string::npos);
}

TEST(MetricsServer, ClientsThatDoNotReadAreLeft) {
  CounterSet many;
  const std::string help(20'000, 'x');
  for (int i = 0; i < 1000; ++i) many.add("capture.kind_" + std::to_string(i), 1, help);
  MetricsServer server(MetricsConfig{true, "127.0.0.1:0"}, tree("127.0.0.1:0"), [&] { return many; });
  Client deaf(port_of(server));
  deaf.say("GET /metrics HTTP/1.0\r\n\r\n");
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (server.counters().time_max == 0 && std::chrono::steady_clock::now() < limit) {
    EXPECT_EQ(status(get(port_of(server), "/")), "404");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(server.counters().time_max, 1u);
}

TEST(MetricsServer, ServesUnderLoad) {
  auto server = serve("127.0.0.1:0");
  const uint16_t port = port_of(*server);
  std::vector<std::thread> clients;
  for (int who = 0; who < 8; ++who) {
    clients.emplace_back([port, who] {
      for (int i = 0; i < 200; ++i) {
        switch ((i + who) % 5) {
          case 0: EXPECT_EQ(status(get(port, "/metrics")), "200"); break;
          case 1: EXPECT_EQ(status(get(port, "/nothing")), "404"); break;
          case 2: EXPECT_EQ(status(ask(port, "POST /metrics HTTP/1.0\r\n\r\n")), "405"); break;
          case 3: Client(port).say("GET /metrics HT"); break;         // hangs up within
          case 4: Client(port).say("GET /metrics HTTP/1.0\r\n\r\n");  // or does not wait
        }
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(status(get(port, "/metrics")), "200");
  EXPECT_EQ(server->counters().connections, 8u * 200 + 1);
  EXPECT_EQ(server->counters().accept_failed, 0u);
}

TEST(MetricsServer, EndsWithConnectionsOpen) {
  auto server = serve("127.0.0.1:0");
  Client silent(port_of(*server)), asking(port_of(*server));
  asking.say("GET /metrics HTTP/1.0\r\n");
  EXPECT_EQ(status(get(port_of(*server), "/metrics")), "200");
  server.reset();
  EXPECT_EQ(silent.hear() + asking.hear(), "");
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
