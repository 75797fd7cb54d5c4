// Sightings: what an event of any protocol tells of hosts beside what it is about: names, addresses, software, and what
// one has another do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/event/outcome.h"

namespace lapwing {

using Station = std::array<uint8_t, 6>;  // a MAC address

/// Whom a sighting is about, where it does not say the address itself.
enum class Side : uint8_t { address, client, server };

/// By what a name or a station is known to be that of an address. Those that the host itself, or who answers for it,
/// says come before those that clients call it by.
enum class BindingKind : uint8_t { arp, dns, certificate, ntlm, ldap, kerberos, rdp, sni, http_host };
inline constexpr std::string_view kBindingKinds[] = {"arp",      "dns", "certificate", "ntlm",     "ldap",
                                                     "kerberos", "rdp", "sni",         "http_host"};

/// [W] Views live as long as the call.
struct BindingSeen {
  BindingKind kind = BindingKind::arp;
  Side side = Side::address;
  IpAddress address;      // where `side` does not say whose
  std::string_view name;  // as it was sent, or empty
  Station station{};      // or zeros
  uint32_t ttl = 0;       // seconds for which it holds; 0: nobody said
  bool unasked = false;   // who says it was not asked
};

enum class SoftwareKind : uint8_t { product, user_agent, hassh, ja4, proxy };
inline constexpr std::string_view kSoftwareKinds[] = {"product", "user_agent", "hassh", "ja4", "proxy"};

/// [W] Views live as long as the call. proxy: the side forwards requests for others.
struct SoftwareSeen {
  SoftwareKind kind = SoftwareKind::product;
  Side side = Side::client;
  std::string_view value, version;  // version: where it stands apart
};

/// [W] What a client has its server do, told once, when it is known how it ended or that this will not show. Views live
/// as long as the call.
struct OperationSeen {
  std::string_view interface;  // "smb", "ldap" or the like; of DCERPC its name, or its UUID where it has none
  std::string_view operation;  // by its name; empty: sealed
  std::string_view object;     // what it is done to: "SHARE\\path", a service, an account, a DN
  uint16_t number = 0;         // of the operation
  uint32_t asked = 0;          // of a look-up: how many things at once, as far as that is read
  Outcome outcome = Outcome::unknown;
  bool sealed = false;   // what it is about is encrypted
  bool by_pipe = false;  // DCERPC within SMB
};

/// Who is told [W].
class SightingSink {
 public:
  virtual ~SightingSink() = default;
  virtual void binding(const BindingSeen& seen) = 0;
  virtual void software(const SoftwareSeen& seen) = 0;
  virtual void operation(const OperationSeen& seen) = 0;
};

}  // namespace lapwing
