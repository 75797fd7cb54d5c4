// Which outputs a run writes to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "export/exporter.h"
#include "sensor/base/setting.h"
#include "sensor/pipeline/sensor_config.h"

namespace lapwing {

struct OutputOptions {
  std::string eve_file;              // "-": standard output
  std::vector<std::string> publish;  // ZeroMQ endpoints
  bool insecure = false;             // those without keys where anyone may connect
  std::vector<std::string> records;  // types
};

/// Where relative names of what is written besides records belong.
std::string log_folder(const OutputOptions& options, const Setting& root);

/// Outputs of records named on the command line replace those of the configuration; the file store stays. Throws
/// SettingError.
std::vector<std::unique_ptr<Exporter>> make_exporters(const OutputOptions& options, const Setting& root,
                                                      const SensorConfig& config, bool replay);

}  // namespace lapwing
