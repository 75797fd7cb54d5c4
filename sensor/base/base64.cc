#include "sensor/base/base64.h"

#include <cstdint>

namespace lapwing {

std::optional<std::string> from_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0, count = 0;
  for (const char c : text) {
    const int value = base64_value(static_cast<uint8_t>(c));
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++count % 4 != 1) out += static_cast<char>(bits >> (3 - (count - 1) % 4) * 2);
  }
  return out;
}

}  // namespace lapwing
