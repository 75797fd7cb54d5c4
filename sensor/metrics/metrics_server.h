// Metrics: the counters of a running sensor over HTTP, in the text format that Prometheus scrapes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/base/setting.h"

namespace lapwing {

/// [S] Keys "metrics.*".
struct MetricsConfig {
  bool enabled = false;
  std::string listen;  // address:port, [address]:port
};
std::span<const OptionRow<MetricsConfig>> metrics_options();

/// Serves /metrics on threads of its own.
class MetricsServer {
 public:
  /// So many scrapes are answered at once; more wait.
  static constexpr int kThreads = 2;
  /// Milliseconds that a client may take to ask or to read.
  static constexpr int kRequestTimeout = 10000;

  /// `counters` is called on a thread of the server, once a scrape. Throws SettingError where `listen` is no numeric
  /// address with a port, or cannot be listened on; `root` has the place to name.
  MetricsServer(const MetricsConfig& config, const Setting& root, std::function<CounterSet()> counters);
  /// Waits for the scrapes under way.
  ~MetricsServer();
  /// Where it listens, with the port that was taken for port 0.
  std::string url() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Null where the configuration wants none.
std::unique_ptr<MetricsServer> serve_metrics(const Setting& root, const MetricsConfig& config,
                                             std::function<CounterSet()> counters);

}  // namespace lapwing
