#include "sensor/base/terminal.h"

#include <cstdint>
#include <cstdio>

namespace lapwing {
namespace {

struct Character {
  uint32_t code = 0;
  size_t size = 0;  // bytes; 0: no UTF-8
};

/// RFC 3629, section 3.
Character decode(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return {first, 1};
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  uint32_t code = first & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    code = code << 6 | (next & 0x3fu);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < kSmallest[size] || code > 0x10ffff || surrogate ? Character{} : Character{code, size};
}

bool is_harmless(uint32_t code) {
  if (code < 0x20) return code == '\n';
  if (code >= 0x7f && code < 0xa0) return false;
  if (code == 0x061c || (code >= 0x200e && code <= 0x200f)) return false;  // direction marks
  if (code >= 0x2028 && code <= 0x202e) return false;                      // separators, embeddings and overrides
  return !(code >= 0x2066 && code <= 0x2069) && code != 0xfeff;            // isolates
}

}  // namespace

void append_for_terminal(std::string& out, std::string_view text) {
  while (!text.empty()) {
    Character next = decode(text);
    if (next.size && is_harmless(next.code)) {
      out += text.substr(0, next.size);
    } else {
      if (!next.size) next = {static_cast<uint8_t>(text[0]), 1};
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(next.code & 0xffff));
      out += escaped;
    }
    text.remove_prefix(next.size);
  }
}

std::string for_terminal(std::string_view text) {
  std::string out;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    append_for_terminal(out, text.substr(0, end));
    out += "\\u000a";
    text.remove_prefix(end + 1);
  }
  append_for_terminal(out, text);
  return out;
}

}  // namespace lapwing
