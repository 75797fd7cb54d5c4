#include "tests/dissectors/ssh/ssh_wire.h"

#include <cstdint>

namespace lapwing::test {

namespace {

std::string be32(size_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

}  // namespace

std::string ssh_record(unsigned type, std::string_view payload) {
  constexpr size_t kPadding = 4;
  return be32(2 + payload.size() + kPadding) + static_cast<char>(kPadding) + static_cast<char>(type) +
         std::string(payload) + std::string(kPadding, '\0');
}

std::string ssh_kex_init(const SshLists& lists) {
  constexpr unsigned kType = 20;
  std::string payload(16, 'C');
  for (const std::string& list : lists) payload += be32(list.size()) + list;
  payload += be32(0) + be32(0) + '\0' + be32(0);  // languages, no guess, reserved
  return ssh_record(kType, payload);
}

}  // namespace lapwing::test
