// The part `x509`: what records and rules want to know of a certificate (RFC 5280), as far as it is sound.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/event/part.h"

namespace lapwing::x509 {

inline constexpr Part part{.name = "x509", .help = "a certificate"};

/// The first thing that is wrong with a certificate.
enum class CertificateFault : uint8_t {
  none,
  version,
  serial,
  algorithm,
  name,
  date,
  extensions,
  der,
  subject,  // the text has a NUL: a name that many readers cut there
  issuer,
  validity,  // is no pair of times
  cut,       // ends before it says
  length,    // a field does
};

struct Certificate {
  std::string subject, issuer;        // "C=US, O=Example, CN=example.org", in the certificate's order; may be empty
  std::string common_name;            // of the subject: the last, which is the most specific (RFC 6125 2.3.1)
  std::string serial;                 // "0A:FF"
  std::string fingerprint;            // SHA-1 of the DER form, "0a:ff:..."
  std::string not_before, not_after;  // "2020-05-13T12:00:00"
  std::vector<std::string> names;     // subject alternative names
  std::string key, key_hash;          // "rsaEncryption"; SHA-256 of the SubjectPublicKeyInfo, in hex (RFC 7469 2.4)
  unsigned key_bits = 0;              // of an RSA key's modulus
  std::string signature, digest;      // "RSA-SHA256", "SHA256"; of an algorithm with none of its own, none
  bool self_issued = false;           // issuer and subject are the same; whether its key signed it is not asked
  bool public_policy = false;         // claims one of the CA/Browser Forum's policies, as what browsers trust must
  bool readable = false;              // all up to the subject was found, even if some of it is empty
  CertificateFault fault = CertificateFault::none;
};

/// Seconds since 1970 of a certificate's date; what lies before counts as 1970.
std::optional<uint64_t> seconds_of(const std::string& date);

/// Bytes of what may be long of it.
size_t weight(const Certificate& certificate);

/// Whom it is for: the first alternative name, or the subject's common name.
std::string_view name_of(const Certificate& certificate);

/// Reads a certificate. Recently read ones are kept, so a server's certificate costs a hash and a comparison.
std::shared_ptr<const Certificate> read_certificate(Bytes der);

}  // namespace lapwing::x509
