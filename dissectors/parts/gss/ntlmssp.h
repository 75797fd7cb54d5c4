// NTLMSSP (MS-NLMP): three messages, of which the first and the last are the client's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::ntlmssp {

/// MS-NLMP 2.2.2.10: of the operating system, as it says itself.
struct Version {
  uint8_t major = 0, minor = 0;
  uint16_t build = 0;
  uint8_t revision = 0;  // of NTLMSSP
};
/// "10.0 build 17763 rev 15"
std::string to_string(const Version& version);

/// [W] A login, as far as its messages came. Texts are UTF-8.
struct Exchange {
  // NEGOTIATE (MS-NLMP 2.2.1.1)
  bool negotiated = false;
  std::optional<Version> client_version;

  // CHALLENGE (MS-NLMP 2.2.1.2); names of the server are those of its AV pairs (2.2.2.1).
  bool challenged = false;
  std::string target;  // domain or server that logs in
  std::string server_name, server_domain, server_dns_name, server_dns_domain, server_dns_forest;
  std::optional<int64_t> server_time;  // seconds since 1970
  std::optional<Version> server_version;

  // AUTHENTICATE (MS-NLMP 2.2.1.3)
  bool authenticated = false;
  std::string domain, user, host;
  std::optional<Version> version;
  uint8_t ntlm = 0;  // version of the response, 1 or 2; 0: there is none
  bool anonymous = false;
  bool mic = false;      // it has a code that proves all three messages
  bool unusual = false;  // names lie over each other, or not in the order domain, user, host
  std::string service;   // that the client means to log in to (MsvAvTargetName)

  uint32_t flags = 0;  // of the latest message (MS-NLMP 2.2.2.5)
};

inline constexpr std::string_view kSignature{"NTLMSSP\0", 8};

/// Adds what a message says, which begins with the signature; a NEGOTIATE begins another login. Of one that points
/// outside of itself nothing is added. False: it is malformed, or none of the three.
bool read(Bytes message, Exchange& out);

}  // namespace lapwing::ntlmssp
