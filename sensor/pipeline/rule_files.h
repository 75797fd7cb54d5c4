// The rules that a configuration names, found and compiled.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "sensor/base/setting.h"
#include "sensor/pipeline/reloader.h"
#include "signatures/compile/rule_environment.h"

namespace lapwing {

/// Files of rules: those that are there, and those that the configuration names in vain.
struct RuleFiles {
  std::vector<std::string> paths, missing;
};

/// Those named on the command line, or else in the configuration (rule-files below default-rule-path).
RuleFiles find_rule_files(const std::vector<std::string>& named, const Setting& root);

/// Throws SettingError when a file cannot be read, std::runtime_error when `stop` turned true.
LoadedRules compile_rules(const std::vector<std::string>& paths, const RuleEnvironment& environment,
                          const RuleConfig& detect, const std::atomic<bool>& stop);

}  // namespace lapwing
