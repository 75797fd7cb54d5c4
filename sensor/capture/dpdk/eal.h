// Eal: DPDK's environment, started at most once in a process.
#pragma once

#include <string>

#include "sensor/capture/dpdk/config.h"

namespace lapwing::capture::dpdk {

class Eal {
 public:
  /// As the primary process, with what it logs in our log. Threads may run on the cores that they could run on before.
  /// Throws SettingError.
  explicit Eal(const Config& config);
  /// All ports are closed.
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  /// What DPDK complained of since the last call, for the text of an error.
  static std::string take_complaints();
};

}  // namespace lapwing::capture::dpdk
