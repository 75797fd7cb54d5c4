// The table of detectors.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analytics/frame/detector.h"
#include "analytics/incidents/incidents.h"

namespace lapwing::analytics {

std::span<const DetectorRow> detectors();
std::vector<OptionInfo> options();
/// Throws SettingError.
Policy read_policy(const OptionSource& source);

/// [S] Behaviour as the configuration wants it judged.
struct Config {
  bool enabled = true;
  std::vector<std::shared_ptr<const AnyDetector>> detectors;  // those that are on
  IncidentConfig incidents;
  Policy policy;
  Surroundings surroundings;  // but for what the run decides
  std::string state;          // path, or ""

  /// Throws SettingError.
  static Config read(const OptionSource& source);
  /// What detectors read from files, read anew while they work. Throws SettingError.
  Reread reread(const OptionSource& source) const;
};

}  // namespace lapwing::analytics
