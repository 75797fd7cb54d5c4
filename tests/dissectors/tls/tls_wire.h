// Writes TLS octet by octet for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lapwing::test {

std::string tls_record(unsigned type, std::string_view payload, unsigned version = 0x0303);
std::string tls_message(unsigned type, std::string_view body);
std::string tls_extension(unsigned type, std::string_view data);
/// A list with a length of `prefix` octets before it.
std::string tls_sized(std::string_view data, unsigned prefix);
std::string tls_sni(std::string_view name, unsigned type = 0);
std::string tls_alpn(const std::vector<std::string>& names);

struct HelloParts {
  unsigned version = 0x0303;
  std::string random = std::string(32, 'R');
  std::string session_id;
  std::vector<unsigned> ciphers = {0x1301, 0xc02f};
  std::string extensions;
};
/// The bodies of ClientHello and ServerHello (which takes the first cipher).
std::string tls_client_hello(const HelloParts& parts);
std::string tls_server_hello(const HelloParts& parts);
/// The body of a Certificate message.
std::string tls_certificate(const std::vector<std::string>& chain);

/// A self-signed certificate in DER with a fresh key.
struct CertificateParts {
  std::vector<std::pair<std::string, std::string>> subject;  // short name and value
  std::vector<std::pair<std::string, std::string>> issuer;
  std::string serial_hex;
  std::string not_before, not_after;  // "20170323000000Z"
  std::string alternative_names;      // "DNS:a.org,IP:1.2.3.4"
  std::string policies;               // "2.23.140.1.2.1"
  unsigned rsa_bits = 0;              // 0: a key on P-256
  bool sha1 = false;
};
std::string make_certificate(const CertificateParts& parts);
/// SHA-1, lower-case hex with colons.
std::string sha1_colons(std::string_view der);

}  // namespace lapwing::test
