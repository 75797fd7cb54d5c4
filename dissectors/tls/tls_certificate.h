// What records and rules want to know of an X.509 certificate, read by OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing::tls {

/// What keeps a certificate from being read, or from being shown.
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
  validity,  // of which no date can be made
};

struct Certificate {
  std::string subject, issuer;        // "C=US, O=Example, CN=example.org", in the certificate's order; may be empty
  std::string serial;                 // "0A:FF"
  std::string fingerprint;            // SHA-1 of the DER form, "0a:ff:..."
  std::string not_before, not_after;  // "2020-05-13T12:00:00"
  std::vector<std::string> names;     // subject alternative names
  bool readable = false;              // false: only the fingerprint is valid
  CertificateFault fault = CertificateFault::none;
};

/// Reads a certificate. Recently read ones are kept, so a server's certificate costs a hash and a comparison.
std::shared_ptr<const Certificate> read_certificate(Bytes der);

}  // namespace lapwing::tls
