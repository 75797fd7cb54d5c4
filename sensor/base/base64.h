// Base64 (RFC 4648 4) that is a whole text; to_base64 stands with the other texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lapwing {

/// Of one character, or -1 where it has none.
constexpr int base64_value(uint8_t c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// Of the whole text, whether padded or not; nothing where it has other characters.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace lapwing
