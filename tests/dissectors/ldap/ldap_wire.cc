#include "tests/dissectors/ldap/ldap_wire.h"

namespace lapwing::test {

namespace {

std::string be(uint64_t value, size_t bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
  return out;
}

}  // namespace

std::string ber(unsigned tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = content.size();
  if (size < 0x80) {
    out += static_cast<char>(size);
  } else {
    const size_t bytes = size < 0x100 ? 1 : size < 0x10000 ? 2 : 4;
    out += static_cast<char>(0x80 | bytes);
    out += be(size, bytes);
  }
  return out.append(content);
}

std::string ber_integer(uint64_t value, unsigned tag) {
  size_t bytes = 1;
  while (bytes < 8 && value >> (8 * bytes - 1)) ++bytes;
  return ber(tag, be(value, bytes));
}

std::string ldap_message(unsigned id, unsigned tag, std::string_view operation, std::string_view controls) {
  return ber(0x30, ber_integer(id) + ber(tag, operation) + (controls.empty() ? "" : ber(0xa0, controls)));
}

std::string ldap_control(std::string_view oid, bool critical, std::string_view value) {
  return ber(0x30, octets(oid) + (critical ? ber(1, "\xff") : "") + (value.empty() ? "" : octets(value)));
}

std::string ldap_bind(unsigned id, std::string_view name, std::string_view password) {
  return ldap_message(id, 0x60, ber_integer(3) + octets(name) + ber(0x80, password));
}

std::string ldap_sasl(unsigned id, std::string_view mechanism, std::string_view credentials) {
  return ldap_message(id, 0x60, ber_integer(3) + octets("") + ber(0xa3, octets(mechanism) + octets(credentials)));
}

std::string ldap_search(unsigned id, std::string_view base, const std::vector<std::string>& asked,
                        std::string_view filter) {
  std::string list;
  for (const std::string& one : asked) list += octets(one);
  return ldap_message(id, 0x63,
                      octets(base) + ber_integer(2, 10) + ber_integer(0, 10) + ber_integer(1000) + ber_integer(30) +
                          ber(1, std::string(1, '\0')) + std::string(filter) + ber(0x30, list));
}

std::string ldap_attribute(std::string_view type, const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& one : values) list += octets(one);
  return ber(0x30, octets(type) + ber(0x31, list));
}

std::string ldap_entry(unsigned id, std::string_view name, std::string_view attributes) {
  return ldap_message(id, 0x64, octets(name) + ber(0x30, attributes));
}

std::string ldap_result(unsigned id, unsigned tag, unsigned code, std::string_view dn, std::string_view message,
                        std::string_view more) {
  return ldap_message(id, tag, ber_integer(code, 10) + octets(dn) + octets(message) + std::string(more));
}

std::string ldap_start_tls(unsigned id) {
  return ldap_message(id, 0x77, ber(0x80, "1.3.6.1.4.1.1466.20037"));
}

std::string ldap_buffer(std::string_view token) {
  return be(token.size(), 4).append(token);
}

std::string krb5_wrap(std::string_view text, bool sealed, bool rotated) {
  const std::string checksum(12, 'c'), number(8, '\0');
  const unsigned extra = sealed ? 0 : 12;
  const std::string head = "\x05\x04" + std::string(1, static_cast<char>(sealed ? 7 : 5)) + '\xff' + be(extra, 2) +
                           be(rotated ? extra : 0, 2) + number;
  if (sealed) return head + std::string(text);
  return rotated ? head + checksum + std::string(text) : head + std::string(text) + checksum;
}

}  // namespace lapwing::test
