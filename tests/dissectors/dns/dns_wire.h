// Writes DNS messages octet by octet for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lapwing::test {

inline std::string be16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
inline std::string be32(uint32_t value) {
  return be16(value >> 16) + be16(value & 0xffff);
}

/// "www.example.org" as labels with the final zero.
inline std::string dns_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return out + '\0';
}

inline std::string dns_pointer(unsigned offset) {
  return be16(0xc000 | offset);
}

inline std::string dns_header(unsigned id, unsigned flags, unsigned questions, unsigned answers = 0,
                              unsigned authorities = 0, unsigned additionals = 0) {
  return be16(id) + be16(flags) + be16(questions) + be16(answers) + be16(authorities) + be16(additionals);
}

inline std::string dns_question(const std::string& name, unsigned type, unsigned klass = 1) {
  return name + be16(type) + be16(klass);
}

inline std::string dns_record(const std::string& name, unsigned type, const std::string& data, uint32_t ttl = 60) {
  return name + be16(type) + be16(1) + be32(ttl) + be16(static_cast<unsigned>(data.size())) + data;
}

/// With the length that goes before it over TCP.
inline std::string dns_over_tcp(const std::string& message) {
  return be16(static_cast<unsigned>(message.size())) + message;
}

}  // namespace lapwing::test
