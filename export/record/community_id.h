// Community ID v1: a flow hash that other tools compute alike (github.com/corelight/community-id-spec).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/ip_address.h"

namespace lapwing {

/// [W] Keeps the ids of tuples that came last, since records of a flow are often near each other. The text lives until
/// the next call.
class CommunityId {
 public:
  explicit CommunityId(uint16_t seed);
  /// Ports in host order; ICMP and ICMPv6 use type and code of the request instead.
  std::string_view compute(uint8_t proto, const IpAddress& src, const IpAddress& dest, uint16_t src_port,
                           uint16_t dest_port, uint8_t icmp_type, uint8_t icmp_code);

 private:
  static constexpr size_t kInput = 2 + 16 + 16 + 2 + 4;  // seed, addresses, protocol and padding, ports
  static constexpr size_t kText = 2 + 28;                // "1:" and the 20 bytes of a SHA-1 in base64
  using Text = std::array<char, kText + 1>;              // and the terminator that OpenSSL writes
  struct Known {
    std::array<uint8_t, kInput> input{};
    size_t size = 0;  // bytes of the input, 0: none
    Text text{};
  };

  static void write(Bytes input, Text& text);

  uint16_t seed_;
  std::array<Known, 64> known_{};
};

}  // namespace lapwing
