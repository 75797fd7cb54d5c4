#include "sensor/base/text.h"

#include <charconv>
#include <cstring>

namespace lapwing {

namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// lower() of eight bytes at once: bit 7 of each sum says that the seven bits below are at least that letter.
uint64_t lower_word(const char* bytes) {
  constexpr uint64_t kEach = 0x0101010101010101, kHigh = 0x80 * kEach;
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  const uint64_t low = word & ~kHigh;
  const uint64_t from_a = low + (0x80 - 'A') * kEach, behind_z = low + (0x80 - 'Z' - 1) * kEach;
  const uint64_t capital = (from_a ^ behind_z) & ~word & kHigh;
  return word | capital >> 2;
}

}  // namespace

std::string_view trim(std::string_view text) {
  // Loops: find_first_not_of() asks memchr() about every byte.
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void copy_lower(std::string_view text, char* out) {
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= text.size(); i += sizeof(uint64_t)) {
    const uint64_t word = lower_word(text.data() + i);
    std::memcpy(out + i, &word, sizeof word);
  }
  for (; i < text.size(); ++i) out[i] = static_cast<char>(lower(static_cast<uint8_t>(text[i])));
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  copy_lower(text, out.data());
  return out;
}

bool equal_nocase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= a.size(); i += sizeof(uint64_t)) {
    if (lower_word(a.data() + i) != lower_word(b.data() + i)) return false;
  }
  for (; i < a.size(); ++i) {
    if (lower(static_cast<uint8_t>(a[i])) != lower(static_cast<uint8_t>(b[i]))) return false;
  }
  return true;
}

std::string to_hex(Bytes bytes, char separator, bool upper) {
  const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  const size_t step = separator ? 3 : 2;
  std::string out(bytes.empty() ? 0 : bytes.size() * step - (step - 2), separator);
  char* p = out.data();
  for (uint8_t b : bytes) {
    p[0] = digits[b >> 4];
    p[1] = digits[b & 15];
    p += step;
  }
  return out;
}

std::string to_base64(Bytes bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  size_t i = 0;
  for (; i + 2 < bytes.size(); i += 3) {
    uint32_t v = load_be24(&bytes[i]);
    out += {kAlphabet[v >> 18], kAlphabet[v >> 12 & 63], kAlphabet[v >> 6 & 63], kAlphabet[v & 63]};
  }
  if (i + 1 == bytes.size()) {
    uint32_t v = bytes[i];
    out += {kAlphabet[v >> 2], kAlphabet[v << 4 & 63], '=', '='};
  } else if (i + 2 == bytes.size()) {
    uint32_t v = load_be16(&bytes[i]);
    out += {kAlphabet[v >> 10], kAlphabet[v >> 4 & 63], kAlphabet[v << 2 & 63], '='};
  }
  return out;
}

std::optional<uint64_t> parse_unsigned(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace lapwing
