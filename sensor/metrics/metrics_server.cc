#include "sensor/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "sensor/base/ip_address.h"
#include "sensor/base/log.h"
#include "sensor/base/text.h"
#include "sensor/metrics/exposition.h"

namespace lapwing {
namespace {

constexpr OptionRow<MetricsConfig> kRows[] = {
    {"metrics.enabled", &MetricsConfig::enabled, "no", "serve the counters of a live sensor to Prometheus, over HTTP"},
    {"metrics.listen", &MetricsConfig::listen, "127.0.0.1:9477",
     "where: address:port or [address]:port, at /metrics; neither encrypted nor asked for a password"},
};

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  bool loopback() const {
    if (address.version == 4) return address.bytes[0] == 127;
    IpAddress one{.version = 6};
    one.bytes[15] = 1;
    return address == one;
  }
};

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = parse_unsigned(text.substr(colon + 1));
  if (!address || (address->version == 6) != bracketed || !port || *port > 65535) return std::nullopt;
  return Endpoint{*address, static_cast<uint16_t>(*port)};
}

/// Why it cannot be listened on: the server says only that it could not.
std::string why_not(const Endpoint& where) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  if (where.address.version == 4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(where.port);
    std::memcpy(&v4.sin_addr, where.address.bytes.data(), where.address.size());
    length = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(where.port);
    std::memcpy(&v6.sin6_addr, where.address.bytes.data(), where.address.size());
    length = sizeof v6;
  }
  const int descriptor = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool bound = descriptor >= 0 && bind(descriptor, reinterpret_cast<sockaddr*>(&storage), length) == 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  return bound ? "cannot be listened on" : std::strerror(error);
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class Scrape final : public prometheus::Collectable {
 public:
  explicit Scrape(std::function<CounterSet()> counters) : counters_(std::move(counters)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    using prometheus::MetricType;
    auto families = families_of(counters_());
    prometheus::ClientMetric build, start;
    build.label = {{"version", LAPWING_VERSION}};
    build.gauge.value = 1;
    start.gauge.value = start_;
    families.push_back({"lapwing_build_info", "version of the sensor", MetricType::Gauge, {build}});
    families.push_back({"lapwing_start_time_seconds", "when the sensor started", MetricType::Gauge, {start}});
    return families;
  }

 private:
  const std::function<CounterSet()> counters_;
  const double start_ = seconds_now();
};

[[noreturn]] void fail_at_listen(const Setting& root, const MetricsConfig& config, const std::string& message) {
  if (const Setting* where = root.find("metrics.listen")) where->fail(config.listen + ": " + message);
  const Setting* where = root.find("metrics.enabled");
  (where ? *where : root).fail("metrics.listen is " + config.listen + ": " + message);
}

}  // namespace

struct MetricsServer::Impl {
  Endpoint where;
  std::string host;  // as a URL has it
  std::shared_ptr<Scrape> scrape;
  std::optional<prometheus::Exposer> exposer;
};

MetricsServer::MetricsServer(const MetricsConfig& config, const Setting& root, std::function<CounterSet()> counters)
    : impl_(std::make_unique<Impl>()) {
  const auto where = parse_endpoint(config.listen);
  if (!where) fail_at_listen(root, config, "no address:port, such as 127.0.0.1:9477 or [::1]:9477");
  impl_->where = *where;
  impl_->host = config.listen.substr(0, config.listen.rfind(':'));
  impl_->scrape = std::make_shared<Scrape>(std::move(counters));
  try {
    impl_->exposer.emplace(std::vector<std::string>{
        "listening_ports", config.listen, "num_threads", std::to_string(kThreads), "connection_queue",
        std::to_string(kWaiting), "listen_backlog", std::to_string(kWaiting), "request_timeout_ms",
        std::to_string(kRequestTimeout), "max_request_size", std::to_string(kMaxRequest), "enable_keep_alive", "no"});
  } catch (const std::exception&) {
    fail_at_listen(root, config, why_not(*where));
  }
  impl_->exposer->RegisterCollectable(impl_->scrape);
  if (!where->loopback()) {
    spdlog::warn("metrics.listen: {}: whoever reaches this address reads the counters, unencrypted", config.listen);
  }
}

MetricsServer::~MetricsServer() = default;

std::string MetricsServer::url() const {
  const auto ports = impl_->exposer->GetListeningPorts();
  return "http://" + impl_->host + ":" + std::to_string(ports.empty() ? impl_->where.port : ports.front()) + "/metrics";
}

std::span<const OptionRow<MetricsConfig>> metrics_options() {
  return kRows;
}

std::unique_ptr<MetricsServer> serve_metrics(const Setting& root, const MetricsConfig& config,
                                             std::function<CounterSet()> counters) {
  if (!config.enabled) return nullptr;
  auto server = std::make_unique<MetricsServer>(config, root, std::move(counters));
  spdlog::info("serving metrics at {}", server->url());
  return server;
}

}  // namespace lapwing
