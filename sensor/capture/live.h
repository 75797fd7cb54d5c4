// Live interfaces through libpcap: what is asked of them, and their sources.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/options.h"
#include "sensor/base/setting.h"
#include "sensor/capture/packet_source.h"

namespace lapwing {

/// [S] One interface: keys of a member of the list "pcap", or of "pcap" itself for all interfaces.
struct LiveConfig {
  std::string interface;
  uint64_t workers = 1;
  std::vector<int> cpus;                 // worker i runs on cpus[i mod n]; empty: anywhere
  std::string filter;                    // BPF expression in pcap-filter(7) syntax
  uint64_t ring_bytes = 0, snaplen = 0;  // 0: the defaults
  bool promiscuous = true;
  std::string vlan_tracking, checksums;  // "yes", "no" or "auto"; empty: as the whole sensor does
  uint64_t silence_after = 0;            // seconds, 0: never told
  SourceMark mark;                       // who asked for it

  std::string threads_text;  // as written
  std::vector<std::string> cpus_text;
};

/// For documentation; keys below "pcap".
std::vector<OptionInfo> live_options();
/// The interfaces named, or all of the list where none is, in order. Throws SettingError, also where there is none
/// and `needed`.
std::vector<LiveConfig> read_interfaces(const Setting& root, const std::vector<std::string>& named, bool needed = true);

/// Cores that the process may use.
uint64_t usable_cores();
/// Cores named as "3" or "0-3". Throws SettingError.
std::vector<int> read_cores(const Setting& node, const std::vector<std::string>& texts);

/// Opens one handle of the interface and closes it again. Throws SettingError for one that is not there or cannot be
/// opened; gives why it would be waited for, or nothing.
std::string try_interface(const LiveConfig& config);

class LiveInterface;

/// Interfaces that are watched, each with a source for every worker of its own.
class LiveCapture {
 public:
  /// Opens all; one that is down is waited for. Throws SettingError for one that is not there or cannot be opened.
  explicit LiveCapture(std::vector<LiveConfig> interfaces);
  ~LiveCapture();
  LiveCapture(const LiveCapture&) = delete;
  LiveCapture& operator=(const LiveCapture&) = delete;

  /// Those of the first interface, of the second, and so on. They may outlive this object.
  std::vector<std::unique_ptr<PacketSource>> take_sources() { return std::move(sources_); }
  /// Logs what became of the interfaces since the last call: gone, back, silent. One thread calls it, often.
  void watch();

 private:
  std::vector<std::shared_ptr<LiveInterface>> interfaces_;
  std::vector<std::unique_ptr<PacketSource>> sources_;
};

}  // namespace lapwing
