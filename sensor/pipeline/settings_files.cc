#include "sensor/pipeline/settings_files.h"

#include "sensor/base/text.h"
#include "sensor/pipeline/sensor_config.h"

namespace lapwing {

std::unique_ptr<Setting> read_settings(const SettingsFiles& files, Warnings& warnings) {
  auto root = std::make_unique<Setting>();
  root->kind = Setting::Kind::map;
  if (!files.suricata.empty()) {
    auto adopted = adopt_suricata(read_suricata_yaml(files.suricata, warnings), *root);
    warnings.insert(warnings.end(), adopted.begin(), adopted.end());
  }
  if (!files.own.empty()) merge(*root, read_yaml(files.own, &warnings));
  for (const std::string& assignment : files.assignments) set_value(*root, assignment);
  check_kinds(*root, option_keys());
  return root;
}

ChecksumMode checksum_mode(const std::string& option, const Setting& root) {
  std::string mode = option;
  const Setting* checks = root.find("pcap-file.checksum-checks");
  if (mode.empty() && checks) mode = to_lower(checks->as_text());
  if (mode == "none" || mode == "no") return ChecksumMode::none;
  if (mode == "all" || mode == "yes") return ChecksumMode::all;
  if (mode.empty() || mode == "auto") return ChecksumMode::automatic;
  checks->fail("'" + checks->scalar + "' is none of yes, no, auto");
}

}  // namespace lapwing
