// `run`: live traffic through the sensor.
#include <atomic>
#include <mutex>

#include "sensor/base/hash.h"
#include "sensor/base/log.h"
#include "sensor/capture/dpdk/dpdk.h"
#include "sensor/capture/live.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/report.h"
#include "sensor/cli/rule_reading.h"
#include "sensor/cli/run_options.h"
#include "sensor/cli/sensor_commands.h"
#include "sensor/cli/signals.h"
#include "sensor/metrics/metrics_server.h"

namespace lapwing {
namespace {

/// A server while it is open. Its counters are asked for as long as the pipeline lives; what it serves is there only
/// while pipeline and reloader are.
template <class Server>
class Port {
 public:
  void open(std::unique_ptr<Server> server) {
    std::lock_guard lock(mutex_);
    server_ = std::move(server);
  }
  void close() {
    std::unique_ptr<Server> ending;
    {
      std::lock_guard lock(mutex_);
      ending = std::move(server_);
    }
    // Joined without the lock: an answer in the making may ask for the counters.
  }
  auto counters() {
    std::lock_guard lock(mutex_);
    return server_ ? server_->counters() : decltype(server_->counters()){};
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Server> server_;
};

struct Ports {
  Port<ControlServer> commands;
  Port<MetricsServer> metrics;
};

struct ClosePorts {
  Ports& ports;
  ~ClosePorts() {
    ports.commands.close();
    ports.metrics.close();
  }
};

/// Null where nothing may listen: switched off, or no folder for the socket that nobody asked for.
std::unique_ptr<ControlServer> listen_for_commands(const ControlConfig& config, std::vector<ControlCommand> commands) {
  if (!config.enabled) return nullptr;
  const std::string path = config.socket.empty() ? own_control_path() : config.socket;
  if (path.empty()) {
    spdlog::warn("no folder for a control socket: set control.socket, or RUNTIME_DIRECTORY; SIGHUP reloads rules");
    return nullptr;
  }
  auto server = std::make_unique<ControlServer>(path, config.mode, std::move(commands));
  spdlog::info("listening for commands on {}", path);
  return server;
}

std::vector<std::string> names_of(const std::vector<LiveConfig>& interfaces) {
  std::vector<std::string> out;
  for (const LiveConfig& interface : interfaces) out.push_back(interface.interface);
  return out;
}

std::vector<Pipeline::Seat> seats_of(const std::vector<LiveConfig>& interfaces, const Setting& root) {
  std::vector<Pipeline::Seat> out;
  for (const LiveConfig& interface : interfaces) {
    Pipeline::Seat seat{.checksums = checksum_mode(interface.checksums, root)};
    if (!interface.vlan_tracking.empty()) seat.use_vlan = interface.vlan_tracking == "yes";
    for (size_t i = 0; i < interface.workers; ++i) {
      seat.cpu = interface.cpus.empty() ? -1 : interface.cpus[i % interface.cpus.size()];
      out.push_back(seat);
    }
  }
  return out;
}

int run(const RunOptions& options) {
  NoteSignals signals;
  auto root = options.configuration.read();
  const KeyPlaces places = options.configuration.key_places();
  const auto confinement = read_options<ConfinementConfig>(*root, confinement_options());
  std::vector<std::string> named = options.interfaces;
  DpdkCapture dpdk(*root, named);
  drop_privileges(confinement, *root, Task::run, !dpdk.empty());
  name_sensor(*root);
  write_eve_unless_told(options.outputs, *root);
  auto config = SensorConfig::read(*root, options.outputs.records);
  std::vector<LiveConfig> interfaces = choose_interfaces(options, named, dpdk.empty(), *root);
  const auto metrics = read_options<MetricsConfig>(*root, metrics_options());
  const auto control = read_options<ControlConfig>(*root, control_options());
  Pipeline::Plan plan{.config = config.get(), .replay = false, .hash_seed = draw_seed()};
  plan.state = config->analytics.state;
  RuleFiles files = find_rule_files(options.configuration.rule_files, *root);
  check_outputs(options.outputs, *root, inputs_of(options, files));
  check_state(plan.state, root->find("analytics.state"), inputs_of(options, files));
  RuleFaults faults;
  plan.rules = load_rules(files, *config, options.configuration.strict, &faults);
  const RuleCounts counts = plan.rules->counts();
  // Before outputs and sources: their threads take over what this one may do.
  const uint64_t landlock =
      confine_paths(confinement, paths_of(options, *root, *config, files, control, !dpdk.empty()));
  std::atomic<uint64_t> system_calls = 0;
  plan.exporters = make_exporters(options.outputs, *root, *config, OutputUse::run);
  options.configuration.check_unread(*root, places);
  LiveCapture capture(interfaces);
  plan.sources = capture.take_sources();
  dpdk.open(options.workers, options.checksums, options.filter, interfaces, plan.sources);
  plan.seats = seats_of(interfaces, *root);
  Ports ports;
  plan.more_counters = [&](CounterSet& set) {
    set.add(ports.commands.counters(), control_counter_rows());
    set.add(ports.metrics.counters(), http_counter_rows());
    set.add(ConfinementCounters{landlock, system_calls}, confinement_counter_rows());
  };
  RuleReading reading(options.configuration, *config, std::move(files), faults);
  RunSummary summary;
  {
    Pipeline pipeline(std::move(plan));
    Reloader reloader(
        pipeline, [&](const std::atomic<bool>& stop) { return reading.read(stop); }, counts);
    ClosePorts closing{ports};
    const SensorParts parts{pipeline, reloader, faults, *root, names_of(interfaces)};
    ports.commands.open(listen_for_commands(control, sensor_commands(parts)));
    ports.metrics.open(serve_metrics(*root, metrics, [&] { return pipeline.counters(); }));
    StopOnSignal stop(pipeline);
    system_calls = confine_system_calls(confinement, {.task = Task::run, .dpdk = !dpdk.empty()});
    for (const LiveConfig& interface : interfaces) {
      spdlog::info("watching {} with {} {}", interface.interface, interface.workers,
                   interface.workers == 1 ? "worker" : "workers");
    }
    summary = pipeline.run([&](double) {
      capture.watch();
      dpdk.watch();
      const NoteSignals::Noted noted = signals.take();
      if (noted.reopen) pipeline.reopen_outputs();
      if (noted.reload) reloader.request(false, {});
    });
  }
  keep_datasets(reading.datasets());
  print_summary(summary);
  return exit_status::done;
}

}  // namespace

void add_run(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("run", "watch interfaces");
  auto options = std::make_shared<RunOptions>();
  options->add_to(*sub);
  sub->callback([options, &command] { command = [options] { return run(*options); }; });
}

}  // namespace lapwing
