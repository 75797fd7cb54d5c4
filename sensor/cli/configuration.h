// The options that name a configuration, and the tree they make.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sensor/base/setting.h"
#include "sensor/cli/rule_faults.h"
#include "sensor/pipeline/rule_files.h"
#include "sensor/pipeline/sensor_config.h"
#include "sensor/pipeline/settings_files.h"

namespace lapwing {

/// Trees of read_key_places, null for a file that was not named.
struct KeyPlaces {
  std::unique_ptr<Setting> own, suricata;
};

/// Options that `replay`, `run` and `rules` share.
struct ConfigurationOptions {
  std::string file, suricata_file;
  std::vector<std::string> assignments;  // key=value
  std::vector<std::string> rule_files;
  bool strict = false;  // a rule at fault is an error

  void add_to(CLI::App& command);
  void add_strict_to(CLI::App& command);
  /// The files named here.
  std::vector<std::string> files() const;
  /// Files in order (suricata.yaml, then Lapwing's own), then assignments. Throws SettingError.
  std::unique_ptr<Setting> read() const;
  /// Call when everything has read its part of `root`: what a suricata.yaml does not carry over is listed once as a
  /// warning, and keys of it that Suricata has not either, each; keys of Lapwing's own file that nothing reads are an
  /// error.
  void check_unread(const Setting& root, const KeyPlaces& places) const;
  /// For check_unread, which may come when files can be opened no more.
  KeyPlaces key_places() const;
};

/// The rules to start with. Messages are logged, errors also go to `faults`; rules at fault are left out and counted.
/// Throws SettingError when a file cannot be read, and where `strict` is set, when one is missing or a rule is at
/// fault.
std::shared_ptr<const RuleSet> load_rules(const RuleFiles& files, const SensorConfig& config, bool strict,
                                          RuleFaults* faults = nullptr);

/// Writes the sets that are kept in files, once the workers have ended; failures are logged.
void keep_datasets(const DatasetStore& datasets);

}  // namespace lapwing
