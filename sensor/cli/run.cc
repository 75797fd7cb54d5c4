// `run`: live traffic through the sensor.
#include <atomic>
#include <csignal>
#include <random>

#include "sensor/base/log.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/configuration.h"
#include "sensor/cli/outputs.h"
#include "sensor/cli/report.h"
#include "sensor/cli/signals.h"

namespace lapwing {
namespace {

std::atomic<Pipeline*> running_pipeline = nullptr;

void on_signal(int number) {
  std::signal(number, SIG_DFL);
  if (Pipeline* pipeline = running_pipeline.load()) pipeline->stop();
}

struct RunOptions {
  ConfigurationOptions configuration;
  OutputOptions outputs;
  std::string interface;
  std::string filter;
  std::string checksums;
};

/// Drawn once: an attacker who knew the seed could aim flows at one bucket.
uint64_t random_seed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

int run(const RunOptions& options) {
  auto root = options.configuration.read();
  auto config = SensorConfig::read(*root, options.outputs.records);
  LiveConfig live = read_options<LiveConfig>(*root, live_options());
  if (!options.filter.empty()) live.filter = options.filter;
  Pipeline::Plan plan{.config = config.get(), .replay = false, .hash_seed = random_seed()};
  plan.checksums = checksum_mode(options.checksums, *root);
  plan.exporters = make_exporters(options.outputs, *root, *config, false);
  plan.rules = load_rules(options.configuration.rule_files, *root, *config);
  options.configuration.check_unread(*root);
  plan.sources.push_back(open_live(options.interface, live));
  Pipeline pipeline(std::move(plan));
  StopOnSignal stop(pipeline);
  spdlog::info("watching {}", options.interface);
  RunSummary summary = pipeline.run(nullptr);
  keep_datasets(*config);
  print_summary(summary);
  return exit_status::done;
}

}  // namespace

StopOnSignal::StopOnSignal(Pipeline& pipeline) {
  running_pipeline = &pipeline;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

StopOnSignal::~StopOnSignal() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  running_pipeline = nullptr;
}

void add_run(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("run", "watch an interface");
  auto options = std::make_shared<RunOptions>();
  sub->add_option("-i,--interface", options->interface, "network interface")->required();
  options->configuration.add_to(*sub);
  sub->add_option("--filter", options->filter, "BPF expression (pcap-filter(7))");
  sub->add_option("--eve", options->outputs.eve_file, "write records to this file, or - for standard output");
  sub->add_option("--records", options->outputs.records, "only these record types")->delimiter(',');
  sub->add_option("--publish", options->outputs.publish, "publish over ZeroMQ at this endpoint")->take_all();
  sub->add_option("--checksums", options->checksums, "verify checksums: none, all or auto")
      ->check(CLI::IsMember({"none", "all", "auto"}));
  sub->callback([options, &command] { command = [options] { return run(*options); }; });
}

}  // namespace lapwing
