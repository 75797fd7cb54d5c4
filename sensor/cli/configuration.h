// The options that name a configuration, and the tree they make.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sensor/base/setting.h"
#include "sensor/decode/decode.h"
#include "sensor/pipeline/sensor_config.h"

namespace lapwing {

/// Options that `replay`, `run` and `rules` share.
struct ConfigurationOptions {
  std::string file, suricata_file;
  std::vector<std::string> assignments;  // key=value
  std::vector<std::string> rule_files;

  void add_to(CLI::App& command);
  /// Files in order (suricata.yaml, then Lapwing's own), then assignments. Throws SettingError.
  std::unique_ptr<Setting> read() const;
  /// Call when everything has read its part of `root`: what a suricata.yaml does not carry over is listed once as a
  /// warning; keys of Lapwing's own file that nothing reads are an error.
  void check_unread(const Setting& root) const;
};

/// The rules named on the command line, or else in the configuration (rule-files below default-rule-path), compiled.
/// Messages are logged; rules at fault are left out and counted. Throws SettingError when a file cannot be read.
std::shared_ptr<const RuleSet> load_rules(const std::vector<std::string>& files, const Setting& root,
                                          const SensorConfig& config);

/// Writes the sets that are kept in files, once the workers have ended; failures are logged.
void keep_datasets(const SensorConfig& config);

/// "none", "all" or "auto"; empty: from the configuration's pcap-file.checksum-checks and stream settings.
ChecksumMode checksum_mode(const std::string& option, const Setting& root);

}  // namespace lapwing
