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
  /// So many connections are served at once; as many as kWaiting and the kernel's backlog of kWaiting wait for one of
  /// them to end, and no more are taken.
  static constexpr int kThreads = 32, kWaiting = 16;
  /// Milliseconds that a client may take for its whole question, or for a part of the answer: a scrape waits behind
  /// clients that say nothing for twice as long at most, well within the 10 s that Prometheus waits.
  static constexpr int kRequestTimeout = 2000;
  static constexpr int kMaxRequest = 4096;  // bytes, with its headers

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
