// Writes messages of Kerberos (RFC 4120) element by element for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::test {

inline std::string der(unsigned tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = content.size();
  if (size < 0x80) {
    out += static_cast<char>(size);
  } else if (size < 0x100) {
    out += {'\x81', static_cast<char>(size)};
  } else if (size < 0x10000) {
    out += {'\x82', static_cast<char>(size >> 8), static_cast<char>(size)};
  } else {
    out += {'\x83', static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
  }
  return out + content;
}
inline std::string der_sequence(const std::string& content) {
  return der(0x30, content);
}
/// Under an explicit tag.
inline std::string der_field(unsigned number, const std::string& element) {
  return der(0xa0 | number, element);
}
inline std::string der_integer(int64_t value) {
  std::string bytes;
  do {
    bytes.insert(bytes.begin(), static_cast<char>(value));
    value >>= 8;
  } while ((value != 0 && value != -1) || ((bytes[0] < 0) != (value < 0)));
  return der(0x02, bytes);
}
inline std::string der_octets(const std::string& bytes) {
  return der(0x04, bytes);
}
inline std::string krb_string(const std::string& text) {
  return der(0x1b, text);
}
inline std::string krb_time(const std::string& text) {
  return der(0x18, text);
}
inline std::string krb_flags(uint32_t flags) {
  return der(0x03, {'\0', static_cast<char>(flags >> 24), static_cast<char>(flags >> 16), static_cast<char>(flags >> 8),
                    static_cast<char>(flags)});
}
inline std::string krb_name(const std::vector<std::string>& components, int type = 1) {
  std::string list;
  for (const std::string& one : components) list += krb_string(one);
  return der_sequence(der_field(0, der_integer(type)) + der_field(1, der_sequence(list)));
}
inline std::string krb_encrypted(int type, const std::string& cipher = "secret", int key_version = 2) {
  return der_sequence(der_field(0, der_integer(type)) + der_field(1, der_integer(key_version)) +
                      der_field(2, der_octets(cipher)));
}
inline std::string krb_ticket(const std::string& realm, const std::vector<std::string>& service, int type) {
  return der(0x61, der_sequence(der_field(0, der_integer(5)) + der_field(1, krb_string(realm)) +
                                der_field(2, krb_name(service, 2)) + der_field(3, krb_encrypted(type))));
}
inline std::string krb_padata(int type, const std::string& value) {
  return der_sequence(der_field(1, der_integer(type)) + der_field(2, der_octets(value)));
}

struct KrbRequest {
  std::vector<std::string> client = {"ann"};  // empty: none
  std::string realm = "LAB.EXAMPLE";
  std::vector<std::string> service = {"krbtgt", "LAB.EXAMPLE"};
  std::string padata;  // its elements
  std::vector<int> types = {18, 17, 23};
  uint32_t options = 0x40810010;  // forwardable, renewable, canonicalize, renewable-ok
  std::string more;               // fields behind the types
  int64_t nonce = 1234567;
};
inline std::string krb_request(unsigned type, const KrbRequest& asked = {}) {
  std::string types;
  for (const int one : asked.types) types += der_integer(one);
  const std::string body = der_field(0, krb_flags(asked.options)) +
                           (asked.client.empty() ? "" : der_field(1, krb_name(asked.client))) +
                           der_field(2, krb_string(asked.realm)) + der_field(3, krb_name(asked.service, 2)) +
                           der_field(5, krb_time("20370913024805Z")) + der_field(6, krb_time("20370914024805Z")) +
                           der_field(7, der_integer(asked.nonce)) + der_field(8, der_sequence(types)) + asked.more;
  return der(0x60 | type, der_sequence(der_field(1, der_integer(5)) + der_field(2, der_integer(type)) +
                                       (asked.padata.empty() ? "" : der_field(3, der_sequence(asked.padata))) +
                                       der_field(4, der_sequence(body))));
}
inline std::string krb_reply(unsigned type, const std::vector<std::string>& service, int ticket_type,
                             int type_of_part) {
  return der(0x60 | type, der_sequence(der_field(0, der_integer(5)) + der_field(1, der_integer(type)) +
                                       der_field(3, krb_string("LAB.EXAMPLE")) + der_field(4, krb_name({"ann"})) +
                                       der_field(5, krb_ticket("LAB.EXAMPLE", service, ticket_type)) +
                                       der_field(6, krb_encrypted(type_of_part))));
}
inline std::string krb_ap_request(const std::string& realm, const std::vector<std::string>& service, int type) {
  return der(0x6e, der_sequence(der_field(0, der_integer(5)) + der_field(1, der_integer(14)) +
                                der_field(2, krb_flags(0x20000000)) + der_field(3, krb_ticket(realm, service, type)) +
                                der_field(4, krb_encrypted(18))));
}
/// `more`: fields behind the service's name.
inline std::string krb_error(int code, const std::string& more = {}) {
  return der(0x7e, der_sequence(der_field(0, der_integer(5)) + der_field(1, der_integer(30)) +
                                der_field(4, krb_time("20240501102030Z")) + der_field(5, der_integer(7)) +
                                der_field(6, der_integer(code)) + der_field(9, krb_string("LAB.EXAMPLE")) +
                                der_field(10, krb_name({"krbtgt", "LAB.EXAMPLE"}, 2)) + more));
}
/// As it is sent over TCP.
inline std::string krb_marked(const std::string& message) {
  const size_t size = message.size();
  return std::string{static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                     static_cast<char>(size)} +
         message;
}

}  // namespace lapwing::test
