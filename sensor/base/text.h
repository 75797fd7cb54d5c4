// Small text operations that parsers and record writers of several rooms need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing {

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
/// As many bytes to `out`, which may be those of the text.
void copy_lower(std::string_view text, char* out);
bool equal_nocase(std::string_view a, std::string_view b);
/// Lower-case hex, with `separator` between bytes when it is not 0.
std::string to_hex(Bytes bytes, char separator = 0, bool upper = false);
std::string to_base64(Bytes bytes);
/// Decimal only, the whole text; nothing on overflow or other characters.
std::optional<uint64_t> parse_unsigned(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

/// ASCII lower case of one byte, without the locale.
constexpr uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c + 32) : c;
}

}  // namespace lapwing
