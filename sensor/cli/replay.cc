// `replay`: capture files through the sensor.
#include <csignal>

#include "sensor/base/hash.h"
#include "sensor/base/log.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/configuration.h"
#include "sensor/cli/outputs.h"
#include "sensor/cli/report.h"
#include "sensor/cli/signals.h"

namespace lapwing {
namespace {

struct ReplayOptions {
  ConfigurationOptions configuration;
  OutputOptions outputs;
  std::vector<std::string> captures;
  std::string checksums;
  size_t workers = 1;
  bool quiet = false;
};

int replay(const ReplayOptions& options) {
  auto root = options.configuration.read();
  auto config = SensorConfig::read(*root, options.outputs.records);
  Pipeline::Plan plan{.config = config.get(), .hash_seed = kReplaySeed};
  plan.checksums = checksum_mode(options.checksums, *root);
  plan.exporters = make_exporters(options.outputs, *root, *config, true);
  plan.rules = load_rules(find_rule_files(options.configuration.rule_files, *root), *config);
  options.configuration.check_unread(*root);
  plan.sources = open_captures(options.captures, options.workers);
  Pipeline pipeline(std::move(plan));
  StopOnSignal stop(pipeline);
  ProgressBar bar;
  RunSummary summary = pipeline.run([&](double progress) { bar.show(progress); });
  bar.clear();
  keep_datasets(*config->rules.datasets);
  if (!options.quiet) {
    print_summary(summary);
  } else {
    for (const CaptureError& error : summary.errors) spdlog::error("{}", to_string(error));
  }
  return summary.errors.empty() ? exit_status::done : exit_status::input_failed;
}

}  // namespace

void add_replay(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("replay", "run capture files through the sensor");
  auto options = std::make_shared<ReplayOptions>();
  sub->add_option("CAPTURE", options->captures, "pcap or pcapng files (gzip and zstd too), directories, or - for standard input")
      ->required();
  options->configuration.add_to(*sub);
  sub->add_option("--eve", options->outputs.eve_file, "write records to this file, or - for standard output");
  sub->add_option("--records", options->outputs.records, "only these record types")->delimiter(',');
  sub->add_option("--publish", options->outputs.publish, "publish over ZeroMQ at this endpoint")->take_all();
  sub->add_option("--workers", options->workers, "cores to use")->check(CLI::Range(1, 256))->capture_default_str();
  sub->add_option("--checksums", options->checksums, "verify checksums: none, all or auto")
      ->check(CLI::IsMember({"none", "all", "auto"}));
  sub->add_flag("-q,--quiet", options->quiet, "no summary at the end");
  sub->callback([options, &command] { command = [options] { return replay(*options); }; });
}

}  // namespace lapwing
