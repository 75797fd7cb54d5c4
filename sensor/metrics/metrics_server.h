// Metrics: the counters of a running sensor over HTTP, in the text format that Prometheus scrapes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/base/setting.h"
#include "sensor/metrics/http_server.h"

namespace lapwing {

/// [S] Keys "metrics.*".
struct MetricsConfig {
  bool enabled = false;
  std::string listen;  // address:port, [address]:port
};
std::span<const OptionRow<MetricsConfig>> metrics_options();

/// Serves /metrics.
class MetricsServer {
 public:
  /// Milliseconds in which all who ask get the same page: whoever reaches the port must not keep the workers counting.
  static constexpr int kFresh = 250;

  /// `counters` is called on the server's thread, for a scrape whose page is not fresh. Throws SettingError where
  /// `listen` is no numeric address with a port, or cannot be listened on; `root` has the place to name.
  MetricsServer(const MetricsConfig& config, const Setting& root, std::function<CounterSet()> counters);
  /// Where it listens, with the port that was taken for port 0.
  std::string url() const;
  HttpCounters counters() const { return server_->counters(); }

 private:
  std::string host_;  // as a URL has it
  std::optional<HttpServer> server_;
};

/// Throws SettingError where `listen` is no numeric address with a port.
void check_metrics(const Setting& root, const MetricsConfig& config);
/// Null where the configuration wants none.
std::unique_ptr<MetricsServer> serve_metrics(const Setting& root, const MetricsConfig& config,
                                             std::function<CounterSet()> counters);

}  // namespace lapwing
