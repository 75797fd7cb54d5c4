// OsPolicy: how a host's system resolves segments and fragments that overlap.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/stream/stream_engine.h"

namespace lapwing {

enum class OsPolicy : uint8_t {
  first,
  last,
  bsd,
  bsd_right,
  old_linux,
  linux,
  old_solaris,
  solaris,
  hpux10,
  hpux11,
  irix,
  macos,
  windows,
  vista,
  windows2k3
};

/// Who owns the bytes that an earlier and a later piece both claim, by where the later one begins and ends relative to
/// the earlier: bit 3 * begin + end is set when the later one wins, with 0 before, 1 at the same place, 2 after.
class OverlapRule {
 public:
  explicit constexpr OverlapRule(uint16_t bits) : bits_(bits) {}
  bool later_wins(uint64_t earlier_begin, uint64_t earlier_end, uint64_t later_begin, uint64_t later_end) const {
    auto place = [](uint64_t later, uint64_t earlier) { return later < earlier ? 0 : later == earlier ? 1 : 2; };
    return bits_ >> (3 * place(later_begin, earlier_begin) + place(later_end, earlier_end)) & 1;
  }

 private:
  uint16_t bits_;
};
OverlapRule segment_rule(OsPolicy policy);
OverlapRule fragment_rule(OsPolicy policy);
/// Fragments that overlap are the end of their packet.
bool drops_overlaps(OsPolicy policy, uint8_t ip_version);
/// Seconds for which fragments wait for the rest of their packet, counted from the first one; 0: as RFC 1122 and
/// RFC 8200 say, 60 or more.
uint64_t fragment_timeout(OsPolicy policy, uint8_t ip_version);
/// The host_drop bits for which the system drops a packet as it comes configured.
uint8_t drops(OsPolicy policy);

struct HostNetwork {
  IpAddress address;
  uint8_t prefix;
  bool contains(const IpAddress& host) const;
};

/// [S] Addresses of some networks.
class HostList {
 public:
  /// `key` is the option that errors name. Throws SettingError for a network that is none.
  HostList(const std::vector<std::string>& networks, std::string_view key);
  bool contains(const IpAddress& host) const;

 private:
  std::vector<HostNetwork> networks_;
};

/// [S] Addresses to systems; bsd where the configuration says nothing.
class HostPolicies {
 public:
  /// Throws SettingError for a network that is none.
  explicit HostPolicies(const StreamConfig& config);
  OsPolicy of(const IpAddress& address) const;

 private:
  struct Network {
    HostNetwork network;
    OsPolicy policy;
  };
  std::vector<Network> networks_;  // longest prefix first
};

}  // namespace lapwing
