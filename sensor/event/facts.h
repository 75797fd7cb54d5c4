// Facts: what a transaction tells of the application behind it, so that its packets need not be looked at once more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sensor/base/time.h"

namespace lapwing {

/// What nDPI calls a risk (ndpi_typedefs.h), as far as a transaction shows it.
enum class Risk : uint8_t {
  clear_text_credentials,
  dns_large_packet,
  dns_suspicious_traffic,
  http_numeric_ip_host,
  http_suspicious_header,
  http_suspicious_user_agent,
  binary_application_transfer,
  invalid_characters,
  malformed_packet,
  possible_exploit,
  tls_certificate_about_to_expire,
  tls_certificate_expired,
  tls_certificate_mismatch,
  tls_certificate_validity_too_long,
  tls_fatal_alert,
  tls_missing_sni,
  tls_not_carrying_https,
  tls_obsolete_version,
  tls_selfsigned_certificate,
  tls_suspicious_esni_usage,
  tls_suspicious_extension,
};
inline constexpr size_t kRisks = static_cast<size_t>(Risk::tls_suspicious_extension) + 1;

/// Applications that show otherwise than by names.
enum class Sign : uint8_t {
  unknown,
  http_proxy,  // where the host names none
  ocsp,
  ookla,
  rtsp,
};

/// [W] Of one event. Views live as long as its transaction, or as the call in which they were made.
struct Facts {
  // What the protocol is given.
  Timestamp time;         // of the packet at hand
  bool datagram = false;  // the message is one

  // What it tells.
  std::string_view host;                // the server that is asked for
  std::vector<std::string_view> names;  // others of the server; the first that is known tells where the host does not
  std::string_view subject;             // of the server's certificate
  Sign sign = Sign::unknown;            // what the message itself says of the application
  std::vector<std::string_view> alpns;  // that a server was offered which chose one
  std::optional<uint16_t> cipher;       // that the server chose
  uint64_t risks = 0;                   // bits by Risk
  bool complete = false;                // nothing of what follows adds to what was told

  void risk(Risk risk) { risks |= uint64_t{1} << static_cast<unsigned>(risk); }
  bool empty() const {
    return host.empty() && names.empty() && subject.empty() && sign == Sign::unknown && alpns.empty() && !cipher &&
           risks == 0;
  }
  /// Keeps capacities.
  void clear() {
    names.clear();
    alpns.clear();
    host = subject = {};
    sign = Sign::unknown;
    cipher.reset();
    risks = 0;
    complete = false;
  }
};

}  // namespace lapwing
