#include "sensor/base/json_writer.h"

#include <cstring>

#include <cmath>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

constexpr size_t kLongestEscape = 6;

/// How one byte stands in a string. Copied as a whole: what is behind its text is written over.
struct Escape {
  std::array<char, 7> text{};
  uint8_t size = 0;
};
using Escapes = std::array<Escape, 256>;

constexpr Escape escape_of(uint8_t c, bool utf8) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::string_view kNamed = "\"\\\n\r\t\b\f", kNames = "\"\\nrtbf";
  if (is_plain(c) || (c >= 0x80 && utf8)) return {{static_cast<char>(c)}, 1};
  if (const size_t named = kNamed.find(static_cast<char>(c)); named != kNamed.npos) return {{'\\', kNames[named]}, 2};
  if (c >= 0x80) return {{'\\', '\\', 'x', kHex[c >> 4], kHex[c & 15]}, 5};
  return {{'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]}, 6};
}

/// Of texts that are no UTF-8, and of those that are.
constexpr std::array<Escapes, 2> kEscapes = [] {
  std::array<Escapes, 2> out{};
  for (size_t c = 0; c < 256; ++c) {
    for (bool utf8 : {false, true}) out[utf8][c] = escape_of(static_cast<uint8_t>(c), utf8);
  }
  return out;
}();

/// Length of the well-formed UTF-8 sequence at p (RFC 3629), or 0.
size_t utf8_sequence(const uint8_t* p, size_t size) {
  auto tail = [&](size_t i) { return i < size && (p[i] & 0xc0) == 0x80; };
  if (p[0] < 0x80) return 1;
  if (p[0] >= 0xc2 && p[0] <= 0xdf) return tail(1) ? 2 : 0;
  if ((p[0] & 0xf0) == 0xe0) {
    if (!tail(1) || !tail(2)) return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) return 0;
    return 3;
  }
  if (p[0] >= 0xf0 && p[0] <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) return 0;
    return 4;
  }
  return 0;
}

bool valid_utf8(std::string_view text) {
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t i = 0; i < text.size();) {
    constexpr uint64_t kBeyondAscii = 0x8080808080808080;
    if (i + sizeof(uint64_t) <= text.size() && !(plain::load<uint64_t>(&text[i]) & kBeyondAscii)) {
      i += sizeof(uint64_t);
      continue;
    }
    size_t n = utf8_sequence(p + i, text.size() - i);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

}  // namespace

void JsonWriter::flush() {
  out_.append(buffer_.data(), waiting_);
  waiting_ = 0;
}

void JsonWriter::put(std::string_view text) {
  if (text.size() > kBuffer) {
    flush();
    out_.append(text);
    return;
  }
  taken(copy_short(take_room(text.size()), text.data(), text.size()));
}

JsonWriter& JsonWriter::open(char bracket) {
  char* p = begin(true, 1);
  if (!p) {
    ++skipped_;
    return *this;
  }
  *p++ = bracket;
  taken(p);
  ++depth_;
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  if (skipped_ > 0) {
    --skipped_;
    return *this;
  }
  put(bracket);
  need_comma_ = true;
  if (--depth_ == 0) flush();
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  const bool fits = name.size() <= kShort;
  char* p = begin(false, fits ? name.size() + 3 : 1);
  if (!p) return *this;
  *p++ = '"';
  if (!fits) {
    taken(p);
    put(name);
    p = take_room(2);
  } else {
    p = copy_short(p, name.data(), name.size());
  }
  *p++ = '"';
  *p++ = ':';
  taken(p);
  need_comma_ = false;
  has_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::escaped_key(std::string_view name) {
  value(name);
  if (skipping_) return *this;
  put(':');
  need_comma_ = false;
  has_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  const bool fits = json.size() <= kShort;
  char* p = begin(true, fits ? json.size() : 0);
  if (!p) return *this;
  if (fits) return value_ends_at(copy_short(p, json.data(), json.size()));
  taken(p);
  put(json);
  return value_ends_at(take_room(0));
}

JsonWriter& JsonWriter::whole(uint64_t size, bool negative) {
  char* p = begin(true, kDecimalSize + 1);
  if (!p) return *this;
  if (negative) *p++ = '-';
  return value_ends_at(write_decimal(size, p));
}

JsonWriter& JsonWriter::value(std::string_view text) {
  const bool fits = text.size() <= kShort;
  char* p = begin(true, fits ? text.size() + 2 : 1);
  if (!p) return *this;
  *p++ = '"';
  taken(p);
  if (fits && text.size() <= room()) {
    const size_t plain = copy_plain(p, text.data(), text.size());
    p += plain;
    if (plain == text.size()) {
      *p++ = '"';
      return value_ends_at(p);
    }
    taken(p);
    text.remove_prefix(plain);
  }
  escape(text);
  put('"');
  return value_ends_at(take_room(0));
}

void JsonWriter::escape(std::string_view text) {
  constexpr size_t kPiece = 256, kRun = 16;
  const bool utf8 = valid_utf8(text);
  const Escapes& escapes = kEscapes[utf8];
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<uint8_t>(text[i]);
    if (is_plain(first)) {
      const size_t piece = std::min({text.size() - i, room(), kPiece});
      if (piece == 0) {
        cut_ = true;
        return;
      }
      char* p = take_room(piece);
      const size_t plain = copy_plain(p, text.data() + i, piece);
      taken(p + plain);
      i += plain;
      continue;
    }
    const bool within = utf8 && (first & 0xc0) == 0x80;  // a character is whole or not there
    if (room() == 0 && !within) {
      cut_ = true;
      return;
    }
    // Where one byte is to be escaped more are, mostly.
    size_t run = std::min(text.size() - i, kRun);
    if (room() < run * kLongestEscape) run = 1;
    char* p = take_room(run * sizeof(Escape));
    for (; run > 0; --run, ++i) {
      const Escape& escape = escapes[static_cast<uint8_t>(text[i])];
      std::memcpy(p, &escape, sizeof escape);
      p += escape.size;
    }
    taken(p);
  }
}

Bytes JsonWriter::fitting(Bytes bytes, size_t growth) {
  const size_t fits = room() / growth;
  cut_ |= fits < bytes.size();
  return bytes.first(std::min(fits, bytes.size()));
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return raw("null");
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return raw({text, end});
}

JsonWriter& JsonWriter::value(const IpAddress& address) {
  char* p = begin(true, kIpTextSize + 2);
  if (!p) return *this;
  *p++ = '"';
  p = write_ip(address, p);
  *p++ = '"';
  return value_ends_at(p);
}

JsonWriter& JsonWriter::value(Timestamp time) {
  char* p = begin(true, kIso8601Size + 2);
  if (!p) return *this;
  *p++ = '"';
  p = write_iso8601(time, p);
  *p++ = '"';
  return value_ends_at(p);
}

JsonWriter& JsonWriter::quoted(std::string_view plain) {
  put(plain);
  put('"');
  return value_ends_at(take_room(0));
}

JsonWriter& JsonWriter::base64(Bytes bytes) {
  return begin_quoted() ? quoted(to_base64(fitting(bytes, 2))) : *this;
}

JsonWriter& JsonWriter::printable(Bytes bytes) {
  if (!begin_quoted()) return *this;
  for (uint8_t c : fitting(bytes, 2)) {
    char* p = take_room(2);
    switch (c) {
      case '"': p = copy_short(p, "\\\"", 2); break;
      case '\\': p = copy_short(p, "\\\\", 2); break;
      case '\n': p = copy_short(p, "\\n", 2); break;
      case '\r': p = copy_short(p, "\\r", 2); break;
      default: *p++ = is_plain(c) ? static_cast<char>(c) : '.';
    }
    taken(p);
  }
  return quoted({});
}

JsonWriter& JsonWriter::hex(Bytes bytes, char separator) {
  return begin_quoted() ? quoted(to_hex(fitting(bytes, 3), separator)) : *this;
}

}  // namespace lapwing
