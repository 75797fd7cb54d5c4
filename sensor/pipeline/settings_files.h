// The files and words that a configuration is made of, and what is read from it before there is a sensor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sensor/config/config.h"
#include "sensor/decode/decode.h"

namespace lapwing {

/// In the order in which the later says what the earlier left open or said otherwise; empty: not there.
struct SettingsFiles {
  std::string suricata, own;
  std::vector<std::string> assignments;  // key=value
};

/// Throws SettingError.
std::unique_ptr<Setting> read_settings(const SettingsFiles& files, Warnings& warnings);

/// "none", "all" or "auto"; empty: from the configuration's pcap-file.checksum-checks and stream settings.
ChecksumMode checksum_mode(const std::string& option, const Setting& root);

}  // namespace lapwing
