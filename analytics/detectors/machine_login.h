// Logins of machines at a domain controller.
#pragma once

#include <cstdint>

#include "sensor/event/sighting.h"

namespace lapwing::analytics {

/// NetrServerAuthenticate, 2 and 3 (MS-NRPC 3.5.4.4).
inline bool logs_machine_in(const OperationSeen& seen) {
  constexpr uint16_t kAuthenticate = 5, kAuthenticate2 = 15, kAuthenticate3 = 26;
  return seen.interface == "netlogon" &&
         (seen.number == kAuthenticate || seen.number == kAuthenticate2 || seen.number == kAuthenticate3);
}

/// NetrServerPasswordSet and 2.
inline bool sets_machine_password(const OperationSeen& seen) {
  constexpr uint16_t kPasswordSet = 6, kPasswordSet2 = 30;
  return seen.interface == "netlogon" && (seen.number == kPasswordSet || seen.number == kPasswordSet2);
}

}  // namespace lapwing::analytics
