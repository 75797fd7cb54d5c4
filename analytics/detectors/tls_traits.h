// TlsTraits: what a server's certificate and version say of it that honest servers seldom say.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/base/time.h"

namespace lapwing::analytics {

/// Bits.
namespace tls_trait {
inline constexpr uint32_t self_signed = 1, expired = 2, not_yet_valid = 4, long_lived = 8, other_name = 16,
                          random_name = 32, address_name = 64, weak_key = 128, weak_signature = 256, old_version = 512,
                          young = 1024, shared_key = 2048, new_pair = 4096;
/// What comes together for one reason: a server that nobody has renewed, a name that its maker alone vouches for.
inline constexpr uint32_t outdated = weak_key | weak_signature | old_version,
                          unvouched = self_signed | other_name | address_name;
}  // namespace tls_trait

struct TlsTraitRow {
  uint32_t bit;
  std::string_view name;
  uint8_t severity;  // alone
};
std::span<const TlsTraitRow> tls_traits();
/// How many there are, where what comes together counts as one.
unsigned count_traits(uint32_t traits);

/// [W] What a handshake showed; views.
struct TlsShown {
  Timestamp time;
  uint16_t version = 0;      // that the server chose, or 0
  bool certificate = false;  // there was one in the clear
  std::string_view sni;      // in lower case
  std::string_view subject, issuer;
  bool owner = false;                      // a name of the certificate is of whom `sni` is
  uint64_t not_before = 0, not_after = 0;  // seconds since 1970, 0: unknown
  std::string_view digest;
  uint64_t rsa_bits = 0;  // 0: of another kind
  bool self_issued = false, public_policy = false;
};
/// All that one handshake shows by itself. `days`: how long a public certificate may be valid.
uint32_t traits_of(const TlsShown& shown, uint64_t days);

/// Whether a certificate's name is what was asked for, or of the same registrable domain: servers of many names show
/// the certificate of another among them.
bool same_owner(std::string_view name, std::string_view sni);
/// "example.org" of "C=XX, CN=*.example.org".
std::string_view common_name(std::string_view subject);

}  // namespace lapwing::analytics
