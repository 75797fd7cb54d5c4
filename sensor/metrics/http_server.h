// A small HTTP server for pages made on demand: it answers GET and HEAD, one request a connection, and holds whoever
// asks to bounds in number, bytes and time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/ip_address.h"

namespace lapwing {

struct HttpCounters {
  uint64_t connections = 0, requests = 0, refused = 0;
  uint64_t connections_max = 0, header_max = 0, time_max = 0, accept_failed = 0;
};
/// Keys "metrics.*".
std::span<const CounterRow<HttpCounters>> http_counter_rows();

/// What is served at a path. `body` is called on the server's thread for each request; what it throws is answered with
/// status 500.
struct HttpPage {
  std::string path, type;
  std::function<std::string()> body;
};

/// One thread serves all connections, so a page is never made twice at a time.
class HttpServer {
 public:
  /// So many connections are open at once. Whoever comes then takes the place of one that has its answer, or else of
  /// the one that has waited longest without a whole request: silence holds no place that a scrape needs.
  static constexpr size_t kConnections = 64;
  static constexpr uint32_t kHeader = 4096;  // bytes of a request; its body is not read
  /// Milliseconds for the whole request, for the whole answer, and for what a client still sends behind its request
  /// before it reads: well within the 10 s that Prometheus waits.
  static constexpr int kRequestTime = 2000, kAnswerTime = 5000, kLingerTime = 1000;
  /// Bytes behind a request that are read and forgotten, so that the kernel does not reset the connection over its
  /// answer.
  static constexpr size_t kLinger = 64 << 10;

  /// Throws std::system_error where the address cannot be listened on.
  HttpServer(const IpAddress& address, uint16_t port, std::vector<HttpPage> pages);
  /// Waits for the page in the making; open connections are closed.
  ~HttpServer();
  /// The one that was taken for port 0.
  uint16_t port() const;
  HttpCounters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
