// Indicator: what a list names, in the one form in which it is compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sensor/base/ip_address.h"

namespace lapwing::analytics {

/// domain stands for the names below it as well, domain_exact ("=name" in lists) for itself alone. Certificates go by
/// the same hashes as files.
enum class IndicatorType : uint8_t {
  domain,
  domain_exact,
  network,
  url,
  md5,
  sha1,
  sha256,
  ja3,
  ja3s,
  ja4,
  hassh,
  email,
  user_agent,
  file_name,
  tls_serial,
};
inline constexpr size_t kIndicatorTypes = 15;

/// "domain", "sha256".
std::string_view name(IndicatorType type);
std::optional<IndicatorType> indicator_type(std::string_view name);

/// An address is a network of all its bits.
struct Network {
  IpAddress first;
  unsigned bits = 0;

  /// "198.51.100.0/24", bits of the host cleared.
  static std::optional<Network> parse(std::string_view text);
  static Network of(const IpAddress& address, unsigned bits);
  /// 18 bytes: version, bits, address.
  std::string key() const;
};

/// The form that is hashed and compared, or nothing where `text` is none of the type. Of a network it is its key(); of
/// a URL host, port where it is not the scheme's own, path and query (RFC 3986 6.2.2, 6.2.3), without scheme and
/// fragment.
std::optional<std::string> canonical(IndicatorType type, std::string_view text);
struct Guess {
  IndicatorType type;
  std::string canonical;
};
/// What a row of a plain list is. 32 digits are an MD5 of a file: nothing tells that from a JA3.
std::optional<Guess> guess(std::string_view text);

}  // namespace lapwing::analytics
