// Community ID v1: a flow hash that other tools compute alike (github.com/corelight/community-id-spec).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sensor/base/ip_address.h"

namespace lapwing {

/// [W] Keeps its digest context. The text lives until the next call.
class CommunityId {
 public:
  explicit CommunityId(uint16_t seed);
  ~CommunityId();
  /// Ports in host order; ICMP and ICMPv6 use type and code of the request instead.
  std::string_view compute(uint8_t proto, const IpAddress& src, const IpAddress& dest, uint16_t src_port,
                           uint16_t dest_port, uint8_t icmp_type, uint8_t icmp_code);

 private:
  struct Digest;
  std::unique_ptr<Digest> digest_;
  uint16_t seed_;
  std::array<char, 32> text_{};
};

}  // namespace lapwing
