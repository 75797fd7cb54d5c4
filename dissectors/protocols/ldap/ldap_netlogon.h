// What a domain controller answers who looks for one (MS-ADTS 6.3.1.9).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sensor/base/bytes.h"

namespace lapwing::ldap {

/// [W] NETLOGON_SAM_LOGON_RESPONSE_EX
struct Netlogon {
  bool user_known = false;
  uint32_t flags = 0;  // MS-ADTS 6.3.1.2: what it is, and can
  std::string domain_guid, forest, domain, host, netbios_domain, netbios_host, user, server_site, client_site;
};

/// Nothing where it is none, or one of an older kind.
std::optional<Netlogon> read_netlogon(Bytes value);

}  // namespace lapwing::ldap
