// Amplifier: services that answer datagrams with more than they are asked, in the name of whoever is said to ask.
#pragma once

#include <cstdint>

#include "analytics/shape/few.h"

namespace lapwing::analytics {

/// By their ports (US-CERT alert TA14-017A; memcached, STUN, SIP, CoAP, OpenVPN, DVRs and games, as were used since).
inline bool amplifies(uint16_t port) {
  static constexpr auto kPorts =
      few<uint16_t>(17, 19, 53, 69, 111, 123, 137, 161, 389, 427, 520, 1194, 1434, 1900, 3283, 3478, 3702, 5060, 5093,
                    5353, 5683, 10001, 10074, 11211, 27015, 30718, 32414, 33848, 37020, 37810);
  return kPorts.has(port);
}

}  // namespace lapwing::analytics
