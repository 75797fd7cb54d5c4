// `replay`: capture files through the sensor.
#include <algorithm>
#include <atomic>
#include <csignal>

#include "sensor/base/hash.h"
#include "sensor/base/log.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/configuration.h"
#include "sensor/cli/outputs.h"
#include "sensor/cli/report.h"
#include "sensor/cli/rights.h"
#include "sensor/cli/rule_watch.h"
#include "sensor/cli/signals.h"
#include "sensor/pipeline/checksum_sample.h"

namespace lapwing {
namespace {

struct ReplayOptions {
  ConfigurationOptions configuration;
  OutputOptions outputs;
  std::vector<std::string> captures;
  std::string checksums;
  size_t workers = 1;
  bool quiet = false;
  std::vector<uint32_t> explained;  // sids
  std::string explain_json;
  std::string state;
};

/// Whoever explains the rules asked for, or null.
std::unique_ptr<RuleWatch> make_watch(const ReplayOptions& options, const RuleSet& rules) {
  if (options.explained.empty()) return nullptr;
  auto refuse = [](const std::string& why) { throw SettingError({"--explain", 0, 0}, why); };
  if (options.workers != 1) refuse("watches one worker; leave --workers out");
  const bool to_stdout = options.explain_json.empty() || options.explain_json == "-";
  if (to_stdout && options.outputs.eve_file == "-")
    refuse("writes to standard output as --eve does; give one of them a file");
  for (uint32_t sid : options.explained) {
    auto same = [&](const RuleInfo* rule) { return rule->sid == sid; };
    if (std::ranges::none_of(rules.rules(), same)) {
      refuse("no loaded rule has sid " + std::to_string(sid) +
             "; `lapwing rules check` says what was left out, and why");
    }
  }
  return std::make_unique<RuleWatch>(options.explained, options.explain_json);
}

/// Rules are read once: what they and the configuration name is needed no more, but for keys of outputs.
PathRights paths_of(const ReplayOptions& options, const Setting& root, const SensorConfig& config) {
  PathRights rights;
  for (const std::string& path : options.captures) add_readable(path, rights);
  if (uses_sockets(options.outputs, root)) add_configuration(root, rights);
  add_outputs(options.outputs, root, config, false, rights);
  if (!options.explain_json.empty() && options.explain_json != "-") add_file(options.explain_json, rights);
  add_rewritten(options.state, rights);
  return rights;
}

/// What is read, and must not be written.
std::vector<std::string> inputs_of(const ReplayOptions& options, const std::vector<std::string>& rules) {
  std::vector<std::string> inputs = options.configuration.files();
  inputs.insert(inputs.end(), options.captures.begin(), options.captures.end());
  inputs.insert(inputs.end(), rules.begin(), rules.end());
  return inputs;
}

int replay(const ReplayOptions& options) {
  SurviveSignals survive;
  auto root = options.configuration.read();
  const KeyPlaces places = options.configuration.key_places();
  const auto confinement = read_options<ConfinementConfig>(*root, confinement_options());
  drop_privileges(confinement, *root, Task::replay);
  auto config = SensorConfig::read(*root, options.outputs.records);
  Pipeline::Plan plan{.config = config.get(), .hash_seed = kReplaySeed, .state = options.state};
  plan.checksums = checksum_mode(options.checksums, *root);
  const RuleFiles files = find_rule_files(options.configuration.rule_files, *root);
  const std::vector<std::string> inputs = inputs_of(options, files.paths);
  check_outputs(options.outputs, *root, inputs);
  if (!options.explain_json.empty()) check_outputs({.eve_file = options.explain_json}, *root, inputs);
  check_state(options.state, nullptr, inputs);
  // They end with the process: to free a large set rule by rule costs time and gains nothing.
  static auto& kept = *new std::shared_ptr<const RuleSet>;
  kept = load_rules(files, *config, options.configuration.strict);
  plan.rules = kept;
  // Before outputs and sources: their threads take over what this one may do.
  const uint64_t landlock = confine_paths(confinement, paths_of(options, *root, *config));
  plan.exporters = make_exporters(options.outputs, *root, *config, OutputUse::replay);
  std::atomic<uint64_t> system_calls = 0;
  plan.more_counters = [&](CounterSet& set) {
    set.add(ConfinementCounters{landlock, system_calls}, confinement_counter_rows());
  };
  pass_over_options_of_run(*root);
  options.configuration.check_unread(*root, places);
  auto watch = make_watch(options, *plan.rules);
  plan.tracer = watch.get();
  plan.checksums = settle_checksums(plan.checksums, options.captures, config->decode);
  plan.sources = open_captures(options.captures, options.workers);
  Pipeline pipeline(std::move(plan));
  StopOnSignal stop(pipeline);
  system_calls =
      confine_system_calls(confinement, {.task = Task::replay, .sockets = uses_sockets(options.outputs, *root)});
  ProgressBar bar;
  RunSummary summary = pipeline.run([&](double progress) { bar.show(progress); });
  bar.clear();
  const bool explained = !watch || watch->summarise();
  keep_datasets(*config->rules.datasets);
  if (!options.quiet) {
    print_summary(summary);
  } else {
    for (const CaptureError& error : summary.errors) spdlog::error("{}", to_string(error));
  }
  const uint64_t lost = records_lost(summary);
  if (lost && options.quiet) spdlog::error("{} records were lost", lost);
  return summary.errors.empty() && lost == 0 && explained ? exit_status::done : exit_status::input_failed;
}

}  // namespace

void add_replay(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("replay", "run capture files through the sensor");
  auto options = std::make_shared<ReplayOptions>();
  sub->add_option("CAPTURE", options->captures,
                  "pcap or pcapng files (gzip and zstd too), directories, or - for standard input")
      ->required();
  options->configuration.add_to(*sub);
  options->configuration.add_strict_to(*sub);
  options->outputs.add_to(*sub);
  sub->add_option("--workers", options->workers, "cores to use")->check(CLI::Range(1, 256))->capture_default_str();
  sub->add_option("--checksums", options->checksums, "verify checksums: none, all or auto")
      ->check(CLI::IsMember({"none", "all", "auto"}));
  auto* explain =
      sub->add_option("--explain", options->explained, "say why the rule of this sid matched or did not, look by look")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  sub->add_option("--explain-json", options->explain_json,
                  "the same as JSON lines in this file, or - for standard output")
      ->needs(explain);
  sub->add_option("--state", options->state,
                  "file of what detectors have learned: read where it is there, and written at the end");
  sub->add_flag("-q,--quiet", options->quiet, "no summary at the end");
  sub->callback([options, &command] { command = [options] { return replay(*options); }; });
}

}  // namespace lapwing
