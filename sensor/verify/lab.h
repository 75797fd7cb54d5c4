// Lab: hosts in network namespaces of their own on one switch, with no way out, where the steps of a test make its
// traffic. They end with their last step.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/setting.h"

namespace lapwing::verify {

struct LabHost {
  std::string_view name, address;  // of a network of 256
};
/// Who is there. Behind the server lie 10.9.8.0/24 and, outside, 198.51.100.0/24: it answers as whoever is asked.
struct Topology {
  std::string_view name;
  std::vector<LabHost> hosts;
};
std::span<const Topology> topologies();

/// A command of a shell on a host. One that is kept goes on until the last step has ended.
struct Step {
  std::string host, run;
  bool keep = false;
  SourceMark mark;
};
struct Staging {
  const Topology* topology = nullptr;  // constant
  std::vector<std::string> tools;      // programs that must be there
  std::vector<Step> steps;
  SourceMark mark;
};

/// Why no lab can be made here, as a sentence; empty: one can.
std::string lab_hindrance();

/// A folder of its own, gone with it, that holds a recording.
class Recording {
 public:
  /// Makes the traffic and records it at the switch. A step may take `limit` seconds. The process has no other thread.
  /// Throws SettingError where a step fails or a tool is missing, std::system_error where the system refuses.
  Recording(const Staging& staging, double limit);
  ~Recording();
  Recording(Recording&& other) noexcept;
  Recording& operator=(Recording&&) = delete;

  std::string file() const { return folder_ + "/capture.pcap"; }

 private:
  std::string folder_;
};

}  // namespace lapwing::verify
