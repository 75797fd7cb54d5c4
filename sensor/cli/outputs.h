// Which outputs a run writes to.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "export/outputs/exporter.h"
#include "sensor/base/setting.h"
#include "sensor/pipeline/sensor_config.h"

namespace CLI {
class App;
}

namespace lapwing {

struct OutputOptions {
  std::string eve_file;              // "-": standard output
  std::vector<std::string> publish;  // ZeroMQ endpoints
  bool insecure = false;             // those without keys where anyone may connect
  std::vector<std::string> records;  // types

  void add_to(CLI::App& command);
  /// Whether one of these is an output of this type.
  bool name(std::string_view filetype) const;
};

/// Where relative names of what is written besides records belong.
std::string log_folder(const OutputOptions& options, const Setting& root);

/// Throws SettingError where records would go into one of the files that are read, under whatever name: to write a
/// capture or rules anew by mistake would destroy them. `inputs` are files, folders with files, or "-".
void check_outputs(const OutputOptions& options, const Setting& root, const std::vector<std::string>& inputs);
/// The same of the file that keeps what detectors learn, "" for none, and where it could not be made. `where`: its
/// setting, or null where the command line names it.
void check_state(const std::string& path, const Setting* where, const std::vector<std::string>& inputs);

/// What outputs are made for. A trial is as a run, but opens and makes nothing.
enum class OutputUse : uint8_t { run, replay, trial };

/// Outputs of records named on the command line replace those of the configuration; the file store stays. A trial
/// gives none. Throws SettingError.
std::vector<std::unique_ptr<Exporter>> make_exporters(const OutputOptions& options, const Setting& root,
                                                      const SensorConfig& config, OutputUse use);

}  // namespace lapwing
