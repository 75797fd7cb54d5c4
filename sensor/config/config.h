// Configuration files into Setting trees.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/setting.h"

namespace lapwing {

/// Reads a YAML file (YAML 1.1 as suricata.yaml is; "include" files followed). Throws SettingError with the place.
std::unique_ptr<Setting> read_yaml(const std::string& path);
std::unique_ptr<Setting> parse_yaml(std::string_view text, const std::string& name);
/// Applies "key=value" of the command line; list members are addressed by position ("outputs.1.eve-log.enabled").
/// Throws SettingError.
void set_value(Setting& root, std::string_view assignment);
/// Lays `over` on `base`: maps are merged, everything else is replaced.
void merge(Setting& base, std::unique_ptr<Setting> over);

}  // namespace lapwing
