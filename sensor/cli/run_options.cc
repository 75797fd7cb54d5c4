#include "sensor/cli/run_options.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "analytics/intel/feed_config.h"
#include "export/eve/recorder.h"
#include "sensor/base/log.h"
#include "sensor/cli/rights.h"

namespace lapwing {
namespace {

/// Huge pages, devices of VFIO and UIO, and what the EAL keeps of itself.
constexpr std::string_view kDpdkPaths[] = {"/dev", "/sys", "/run/dpdk", "/mnt/huge"};

void set_text(Setting& node, std::string_view text) {
  node.kind = Setting::Kind::scalar;
  node.scalar = text;
}

}  // namespace

void RunOptions::add_to(CLI::App& command) {
  command
      .add_option("-i,--interface", interfaces,
                  "network interface; several may be given, and without any all of the configuration are watched")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  configuration.add_to(command);
  configuration.add_strict_to(command);
  command.add_option("--filter", filter, "BPF expression (pcap-filter(7))");
  command.add_option("--workers", workers, "workers of each interface, as the option pcap.threads")
      ->check(CLI::Range(1, 256));
  outputs.add_to(command);
  command.add_option("--checksums", checksums, "verify checksums: none, all or auto")
      ->check(CLI::IsMember({"none", "all", "auto"}));
}

std::vector<LiveConfig> choose_interfaces(const RunOptions& options, const std::vector<std::string>& named, bool needed,
                                          const Setting& root) {
  if (named.size() != options.interfaces.size() && named.empty()) {
    if (const Setting* pcap = root.find("pcap")) pcap->use_all();
    return {};
  }
  std::vector<LiveConfig> out = read_interfaces(root, named, needed);
  for (LiveConfig& interface : out) {
    if (!options.filter.empty()) interface.filter = options.filter;
    if (options.workers) interface.workers = options.workers;
    if (!options.checksums.empty()) interface.checksums = options.checksums;
  }
  return out;
}

std::vector<std::string> inputs_of(const RunOptions& options, const RuleFiles& rules) {
  std::vector<std::string> inputs = options.configuration.files();
  inputs.insert(inputs.end(), rules.paths.begin(), rules.paths.end());
  return inputs;
}

PathRights paths_of(const RunOptions& options, const Setting& root, const SensorConfig& config, const RuleFiles& files,
                    const ControlConfig& control, bool dpdk) {
  PathRights rights;
  add_configuration(root, rights);
  // A file that is not there yet may be there for a reload.
  for (const auto& paths : {files.paths, files.missing}) {
    for (const std::string& path : paths) add_replaceable(path, rights);
  }
  for (const analytics::Feed& feed : analytics::read_feeds(option_source(root)).feeds) {
    add_replaceable(feed.path, rights);
  }
  add_outputs(options.outputs, root, config, true, rights);
  add_rewritten(config.analytics.state, rights);
  add_cache(config.detect, rights);
  const std::string socket = control.socket.empty() ? own_control_path() : control.socket;
  if (control.enabled && !socket.empty()) add_folder(std::filesystem::path(socket).parent_path(), rights);
  if (dpdk) rights.write.insert(rights.write.end(), std::begin(kDpdkPaths), std::end(kDpdkPaths));
  return rights;
}

void name_sensor(Setting& root) {
  const Setting* given = root.find("sensor-name");
  char name[HOST_NAME_MAX + 1] = {};
  if ((given && !given->as_text().empty()) || gethostname(name, sizeof name - 1) != 0 || !name[0]) return;
  set_text(root.make("sensor-name"), name);
}

void write_eve_unless_told(const OutputOptions& options, Setting& root) {
  if (!options.eve_file.empty() || !options.publish.empty() || !eve_sections(root).empty()) return;
  const Setting* outputs = root.find("outputs");
  auto is_eve = [](const auto& output) { return output->key == "eve-log" || output->find("eve-log"); };
  if (outputs && std::ranges::any_of(outputs->children, is_eve)) {
    spdlog::warn("every output of records is off: they go nowhere");
    return;
  }
  const Setting* folder = root.find("default-log-dir");
  const std::filesystem::path path = std::filesystem::path(folder ? folder->as_text() : "") / "eve.json";
  set_text(root.make("outputs.eve-log.filename"), path.string());
  spdlog::warn("no output is configured: records go to {}; choose others with --eve, --publish or outputs",
               path.string());
}

}  // namespace lapwing
