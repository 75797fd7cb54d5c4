// Facts about ICMP that decoding, records and rules share.
#pragma once

#include <cstdint>

namespace lapwing {

/// Only messages about echo and the like have an identifier and a sequence number (RFC 792, RFC 950, RFC 4443).
constexpr bool icmp_has_id(uint8_t type) {
  return type == 0 || type == 8 || (type >= 13 && type <= 18);
}
constexpr bool icmpv6_has_id(uint8_t type) {
  return type == 128 || type == 129;
}

}  // namespace lapwing
