// DPDK ports: what the configuration asks of them, and their sources. A build without DPDK has none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sensor/capture/live.h"

namespace lapwing {

#ifdef LAPWING_DPDK

namespace capture::dpdk {
class Eal;
class Port;
struct Config;
}  // namespace capture::dpdk

/// Ports of the section "dpdk", each with a queue and a source for every worker. One per process.
class DpdkCapture {
 public:
  /// Reads what to open: the ports that are `named`, which are taken out of there, or all where nothing is. Throws
  /// SettingError.
  DpdkCapture(const Setting& root, std::vector<std::string>& named);
  ~DpdkCapture();
  DpdkCapture(const DpdkCapture&) = delete;
  DpdkCapture& operator=(const DpdkCapture&) = delete;

  bool empty() const;
  /// Opens all, and adds them to `interfaces` and their sources to `sources`, one for each worker in order. `workers`
  /// of each port and `checksums` are as configured where 0 or empty. Sources may outlive this object. Throws
  /// SettingError, also for a `filter`, which DPDK has not.
  void open(uint64_t workers, const std::string& checksums, const std::string& filter,
            std::vector<LiveConfig>& interfaces, std::vector<std::unique_ptr<PacketSource>>& sources);
  /// Logs what became of the ports since the last call: link down, up, silent. One thread calls it, often.
  void watch();

 private:
  std::unique_ptr<capture::dpdk::Config> config_;
  std::shared_ptr<capture::dpdk::Eal> eal_;
  std::vector<std::shared_ptr<capture::dpdk::Port>> ports_;
};

#else

class DpdkCapture {
 public:
  DpdkCapture(const Setting&, std::vector<std::string>&) {}
  bool empty() const { return true; }
  void open(uint64_t, const std::string&, const std::string&, std::vector<LiveConfig>&,
            std::vector<std::unique_ptr<PacketSource>>&) {}
  void watch() {}
};

#endif

}  // namespace lapwing
