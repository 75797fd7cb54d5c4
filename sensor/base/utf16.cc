#include "sensor/base/utf16.h"

#include "sensor/base/little_endian.h"

namespace lapwing {

namespace {

constexpr char32_t kReplacement = 0xfffd;

void append(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

bool high(char32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool low(char32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

}  // namespace

std::string utf16_to_utf8(Bytes text) {
  std::string out;
  out.reserve(text.size() / 2);
  LittleReader in(text);
  while (in.left() >= 2) {
    const char32_t unit = in.u16();
    const char32_t next = in.left() >= 2 ? load_le16(in.rest().data()) : 0;
    if (high(unit) && low(next)) {
      in.skip(2);
      append(out, 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00));
    } else {
      append(out, high(unit) || low(unit) ? kReplacement : unit);
    }
  }
  if (in.left() > 0) append(out, kReplacement);
  return out;
}

}  // namespace lapwing
