// The table of detectors.
#pragma once

#include <memory>
#include <span>
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

  /// Throws SettingError.
  static Config read(const OptionSource& source);
};

}  // namespace lapwing::analytics
