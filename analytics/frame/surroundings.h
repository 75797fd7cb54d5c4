// Surroundings: what all detectors know of the network and the run.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/vendors.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/options.h"

namespace lapwing::analytics {

/// [S] Keys "analytics.*" of the frame itself.
struct FrameConfig {
  bool enabled = true;
  std::vector<std::string> off;       // detectors by name
  std::vector<std::string> internal;  // networks, "10.0.0.0/8"
  double learn = 0;                   // days
  std::string state;                  // path, or ""
  uint64_t memory = 0;                // bytes
  std::string vendors;                // "auto", "off", or a path
};
std::span<const OptionRow<FrameConfig>> frame_options();

/// [S] Networks by prefix.
class Networks {
 public:
  Networks() = default;
  /// Throws SettingError at `where` for what is no network.
  Networks(const std::vector<std::string>& texts, const Setting* where);
  /// "10.0.0.0/8" or an address; false for what is neither.
  bool add(std::string_view text);
  bool contain(const IpAddress& address) const {
    const Halves halves = halves_of(address);
    for (const Network& network : networks_) {
      const bool differs = ((halves[0] ^ network.first[0]) & network.mask[0]) != 0 ||
                           ((halves[1] ^ network.first[1]) & network.mask[1]) != 0;
      if (network.version == address.version && !differs) return true;
    }
    return false;
  }
  /// Another for other networks, and the same in every run.
  uint64_t fingerprint() const;

 private:
  using Halves = std::array<uint64_t, 2>;  // of an address's bytes, as the machine reads them
  struct Network {
    Halves first{}, mask{};
    uint8_t version = 0;
    std::string text;  // "10.0.0.0/8"
  };
  static Halves halves_of(const IpAddress& address) { return std::bit_cast<Halves>(address.bytes); }

  std::vector<Network> networks_;
};

/// [S]
struct Surroundings {
  Networks internal;       // of those who are watched over
  uint64_t hash_seed = 0;  // of keyed hashes: a replay repeats them
  bool replay = false;
  uint64_t learn = 0;         // seconds of packet time that must lie behind what is told to be new
  uint64_t memory = kMemory;  // of all tables, by analytics.memory
  std::shared_ptr<const Vendors> vendors = nullptr;

  static constexpr uint64_t kMemory = uint64_t{256} << 20, kLeastMemory = uint64_t{4} << 20,
                            kMostMemory = uint64_t{4} << 30;
  /// The keys that a table may have, of which `keys` are its part of kMemory.
  uint32_t part(uint32_t keys) const { return static_cast<uint32_t>(uint64_t{keys} * memory / kMemory); }

  bool inside(const IpAddress& address) const { return internal.contain(address); }
  /// Of "00:22:72:01:02:03"; "" where none is known.
  std::string_view vendor_of(std::string_view station) const { return vendors ? vendors->of(station) : ""; }
};

/// Sent to many: multicast, or IPv4's broadcast to all.
bool to_many(const IpAddress& address);

}  // namespace lapwing::analytics
