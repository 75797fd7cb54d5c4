#include "sensor/metrics/metrics_server.h"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

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

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// All counters, what was built, and when it was started.
std::string page_of(const CounterSet& counters, double start_time) {
  using prometheus::MetricType;
  auto families = families_of(counters);
  prometheus::ClientMetric build, start;
  build.label = {{"version", LAPWING_VERSION}};
  build.gauge.value = 1;
  start.gauge.value = start_time;
  families.push_back({"lapwing_build_info", "version of the sensor", MetricType::Gauge, {build}});
  families.push_back({"lapwing_start_time_seconds", "when the sensor started", MetricType::Gauge, {start}});
  return prometheus::TextSerializer().Serialize(families);
}

/// Makes the page anew where the last one is no longer fresh: for each, every worker stops to count.
class PageMaker {
 public:
  explicit PageMaker(std::function<CounterSet()> counters) : counters_(std::move(counters)) {}

  const std::string& page() {
    const auto now = std::chrono::steady_clock::now();
    if (text_.empty() || now - made_ >= std::chrono::milliseconds(MetricsServer::kFresh)) {
      text_ = page_of(counters_(), start_);
      made_ = now;
    }
    return text_;
  }

 private:
  const std::function<CounterSet()> counters_;
  const double start_ = seconds_now();
  std::string text_;
  std::chrono::steady_clock::time_point made_;
};

[[noreturn]] void fail_at_listen(const Setting& root, const MetricsConfig& config, const std::string& message) {
  if (const Setting* where = root.find("metrics.listen")) where->fail(config.listen + ": " + message);
  const Setting* where = root.find("metrics.enabled");
  (where ? *where : root).fail("metrics.listen is " + config.listen + ": " + message);
}

Endpoint endpoint_of(const Setting& root, const MetricsConfig& config) {
  if (const auto where = parse_endpoint(config.listen)) return *where;
  fail_at_listen(root, config, "no address:port, such as 127.0.0.1:9477 or [::1]:9477");
}

}  // namespace

void check_metrics(const Setting& root, const MetricsConfig& config) {
  if (config.enabled) endpoint_of(root, config);
}

MetricsServer::MetricsServer(const MetricsConfig& config, const Setting& root, std::function<CounterSet()> counters) {
  const Endpoint where = endpoint_of(root, config);
  host_ = config.listen.substr(0, config.listen.rfind(':'));
  auto page = [maker = std::make_shared<PageMaker>(std::move(counters))] { return maker->page(); };
  try {
    server_.emplace(where.address, where.port,
                    std::vector<HttpPage>{{"/metrics", "text/plain; version=0.0.4; charset=utf-8", std::move(page)}});
  } catch (const std::system_error& error) {
    fail_at_listen(root, config, error.code().message());
  }
  if (!where.loopback()) {
    spdlog::warn("metrics.listen: {}: whoever reaches this address reads the counters, unencrypted", config.listen);
  }
}

std::string MetricsServer::url() const {
  return "http://" + host_ + ":" + std::to_string(server_->port()) + "/metrics";
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
