// The section "dpdk", after Suricata's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sensor/capture/live.h"

namespace lapwing::capture::dpdk {

/// [S] One port: keys of a member of dpdk.interfaces. What is 0 or empty is derived when the port is opened.
struct PortConfig : LiveConfig {
  std::string arguments;  // of a virtual device that is made for it: what follows the first comma of "interface"
  bool workers_auto = true;
  uint64_t rx_descriptors = 0, mempool_size = 0, mempool_cache_size = 0, mtu = 0;
  bool deal_by_ports = true;  // and addresses, or by addresses alone
  bool multicast = true, busy_poll = false;

  std::string definition, rx_descriptors_text, mempool_size_text, mempool_cache_size_text, mtu_text;  // as written
};

struct Config {
  std::vector<std::string> eal;  // arguments as on a command line
  SourceMark mark;               // of eal-params, or of the section
  std::vector<PortConfig> ports;
};

/// For documentation; keys below "dpdk".
std::vector<OptionInfo> options();
/// Ports that are `named`, which are taken out of there, or all where nothing is. Throws SettingError.
Config read_config(const Setting& root, std::vector<std::string>& named);

}  // namespace lapwing::capture::dpdk
