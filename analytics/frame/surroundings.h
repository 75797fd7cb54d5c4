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
#include "sensor/base/bytes.h"
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
    // Most addresses outside begin as none within does.
    if (!(begun_[address.bytes[0] / 64] >> address.bytes[0] % 64 & 1)) return false;
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
  };
  static Halves halves_of(const IpAddress& address) { return std::bit_cast<Halves>(address.bytes); }

  std::vector<Network> networks_;
  std::array<uint64_t, 4> begun_{};  // bits of the first bytes of their addresses
  std::vector<std::string> texts_;   // "10.0.0.0/8"
};

/// [S]
struct Surroundings {
  Networks internal;       // of those who are watched over
  uint64_t hash_seed = 0;  // of keyed hashes: a replay repeats them
  bool replay = false;
  bool alerts = true;         // of rules there may be some
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
inline bool to_many(const IpAddress& address) {
  if (address.version == 6) return address.bytes[0] == 0xff;  // RFC 4291 2.7
  return address.version == 4 &&
         (address.bytes[0] >> 4 == 14 || load_be32(address.bytes.data()) == UINT32_MAX);  // RFC 5771, RFC 919
}

}  // namespace lapwing::analytics
