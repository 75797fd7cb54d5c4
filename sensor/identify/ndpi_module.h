// A detection module of nDPI, its struct open: nDPI 4.2 has no call to switch its caches between flows off.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "sensor/identify/ndpi_sweep.h"

#define NDPI_LIB_COMPILATION
extern "C" {
#include <ndpi/ndpi_api.h>
}

namespace lapwing {

/// nDPI's state of one flow [W]. It holds pointers of its own, freed by ndpi_free_flow_data.
struct NdpiDetection {
  static constexpr size_t kCaches = 7;
  static constexpr size_t kCacheEntries = 2;  // a flow adds at most one entry for each direction

  ndpi_flow_struct flow;
  std::array<std::array<ndpi_lru_cache_entry, kCacheEntries>, kCaches> caches;
  ndpi_protocol protocol;
  uint64_t last_ms;
  uint32_t packets;
  uint8_t transport;
};

/// [W]
class NdpiModule {
 public:
  /// Takes some 50 ms. Throws std::runtime_error when the library is not the one compiled against.
  explicit NdpiModule(Sweep which = Sweep::needed);
  ~NdpiModule();
  NdpiModule(const NdpiModule&) = delete;
  NdpiModule& operator=(const NdpiModule&) = delete;

  /// What one flow leaves in a cache must not change what another flow is taken for: with several workers the
  /// others may be elsewhere. So every flow brings its own.
  void enter(NdpiDetection& detection) {
    for (size_t i = 0; i < caches_.size(); ++i) caches_[i].entries = detection.caches[i].data();
  }
  operator ndpi_detection_module_struct*() const { return ndpi_.get(); }
  ndpi_detection_module_struct* operator->() const { return ndpi_.get(); }

 private:
  void set_caches(ndpi_lru_cache* first);

  struct Exit {
    void operator()(ndpi_detection_module_struct* module) const { ndpi_exit_detection_module(module); }
  };
  std::unique_ptr<ndpi_detection_module_struct, Exit> ndpi_;
  std::array<ndpi_lru_cache, NdpiDetection::kCaches> caches_{};
};

}  // namespace lapwing
