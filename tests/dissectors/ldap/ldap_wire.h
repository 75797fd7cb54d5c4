// Writes LDAP octet by octet for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lapwing::test {

/// An element (X.690 8.1).
std::string ber(unsigned tag, std::string_view content);
std::string ber_integer(uint64_t value, unsigned tag = 2);
inline std::string octets(std::string_view text) {
  return ber(4, text);
}

/// A message with an operation, by its tag, and controls.
std::string ldap_message(unsigned id, unsigned tag, std::string_view operation, std::string_view controls = "");
/// OID, and whether it is critical.
std::string ldap_control(std::string_view oid, bool critical = false, std::string_view value = "");

std::string ldap_bind(unsigned id, std::string_view name, std::string_view password);
std::string ldap_sasl(unsigned id, std::string_view mechanism, std::string_view credentials);
/// A filter is an element; as is usual, "(objectClass=*)".
std::string ldap_search(unsigned id, std::string_view base, const std::vector<std::string>& asked = {},
                        std::string_view filter = "\x87\x0bobjectClass");
/// "type" and values.
std::string ldap_attribute(std::string_view type, const std::vector<std::string>& values);
std::string ldap_entry(unsigned id, std::string_view name, std::string_view attributes);
/// Any response with a result; `more` stands behind it.
std::string ldap_result(unsigned id, unsigned tag, unsigned code, std::string_view dn = "",
                        std::string_view message = "", std::string_view more = "");
inline std::string ldap_done(unsigned id, unsigned code = 0) {
  return ldap_result(id, 0x65, code);
}
inline std::string ldap_unbind(unsigned id) {
  return ldap_message(id, 0x42, "");
}
std::string ldap_start_tls(unsigned id);
/// A buffer of a security layer.
std::string ldap_buffer(std::string_view token);
/// Kerberos's token (RFC 4121 4.2.6.2) with a checksum of 12 bytes behind what is signed, or rotated before it.
std::string krb5_wrap(std::string_view text, bool sealed, bool rotated = false);

}  // namespace lapwing::test
