#include "tests/dissectors/ssh/ssh_wire.h"

#include <cstdint>

namespace lapwing::test {

namespace {

std::string be32(size_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string sized(std::string_view text) {
  return be32(text.size()) + std::string(text);
}

}  // namespace

std::string ssh_record(unsigned type, std::string_view payload) {
  constexpr size_t kPadding = 4;
  return be32(2 + payload.size() + kPadding) + static_cast<char>(kPadding) + static_cast<char>(type) +
         std::string(payload) + std::string(kPadding, '\0');
}

std::string ssh_new_keys() {
  return std::string("\0\0\0\x0c\x0a\x15", 6) + std::string(10, '\0');
}

std::string ssh_kex_init(const SshLists& lists) {
  constexpr unsigned kType = 20;
  std::string payload(16, 'C');
  for (const std::string& list : lists) payload += sized(list);
  payload += be32(0) + be32(0) + '\0' + be32(0);  // languages, no guess, reserved
  return ssh_record(kType, payload);
}

std::string ssh_kex_reply(std::string_view key_type, std::string_view key, unsigned type) {
  return ssh_record(type, sized(sized(key_type) + sized(key)) + sized("ephemeral") + sized("signature"));
}

}  // namespace lapwing::test
