// What `run` is asked for, and what follows from it before anything is opened. `test-config` and `config` look at the
// same.
#pragma once

#include <string>
#include <vector>

#include "sensor/capture/live.h"
#include "sensor/cli/configuration.h"
#include "sensor/cli/outputs.h"
#include "sensor/control/confinement.h"
#include "sensor/control/control.h"

namespace lapwing {

struct RunOptions {
  ConfigurationOptions configuration;
  OutputOptions outputs;
  std::vector<std::string> interfaces;
  std::string filter;
  uint64_t workers = 0;  // of each interface; 0: as configured
  std::string checksums;

  void add_to(CLI::App& command);
};

/// The interfaces to watch, as the command line has it over the configuration; `named` are those that are no DPDK
/// ports. Throws SettingError, also where there is none and `needed`.
std::vector<LiveConfig> choose_interfaces(const RunOptions& options, const std::vector<std::string>& named, bool needed,
                                          const Setting& root);

/// Records of several sensors come together somewhere, so a live one has a name: its host's, unless it was given one.
void name_sensor(Setting& root);

/// Whoever watches without saying where records go finds them where Suricata would put them.
void write_eve_unless_told(const OutputOptions& options, Setting& root);

/// The files that are read and must not be written.
std::vector<std::string> inputs_of(const RunOptions& options, const RuleFiles& rules);

/// What may be opened from now on.
PathRights paths_of(const RunOptions& options, const Setting& root, const SensorConfig& config, const RuleFiles& files,
                    const ControlConfig& control, bool dpdk);

}  // namespace lapwing
