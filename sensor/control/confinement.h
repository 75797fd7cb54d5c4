// Confinement: what a sensor that runs gives up of the rights it was started with.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sensor/base/options.h"
#include "sensor/base/setting.h"

namespace lapwing {

/// [S] Keys "run-as.*" and "security.*".
struct ConfinementConfig {
  std::string user, group;
  bool seccomp = true;
};
std::span<const OptionRow<ConfinementConfig>> confinement_options();

/// Becomes the user and group asked for. A user other than root keeps no capability but CAP_NET_RAW, which interfaces are
/// opened with, also those that come back later; root that stays root keeps its own. Nothing that is executed can win
/// rights again. Before anything is opened, and before there is a second thread. Throws SettingError, where `root` has the user, when that user is not
/// known or cannot be become.
void drop_privileges(const ConfinementConfig& config, const Setting& root);

/// System calls that a sensor never makes are refused (EPERM) to every thread of the process, those that exist and those
/// to come. A kernel that knows no filters is only warned of.
void refuse_system_calls(const ConfinementConfig& config);
/// Their names, for documentation and tests.
std::span<const std::string_view> refused_system_calls();

}  // namespace lapwing
