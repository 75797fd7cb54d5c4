#include "sensor/base/json_writer.h"

#include <cstring>

#include <cmath>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool plain(uint8_t c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// Whether all of the 16 bytes at p are.
bool plain16(const char* p) {
  using Vector = uint8_t __attribute__((vector_size(16)));
  Vector v;
  std::memcpy(&v, p, sizeof v);
  auto special = (v < 0x20) | (v >= 0x7f) | (v == '"') | (v == '\\');
  auto halves = reinterpret_cast<const unsigned long long __attribute__((vector_size(16)))&>(special);
  return (halves[0] | halves[1]) == 0;
}

size_t plain_prefix(const char* p, size_t size) {
  size_t i = 0;
  while (i + 16 <= size && plain16(p + i)) i += 16;
  // The last steps look at some bytes again.
  if (size >= 16 && i + 16 > size && plain16(p + size - 16)) return size;
  while (i < size && plain(static_cast<uint8_t>(p[i]))) ++i;
  return i;
}

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
    size_t n = utf8_sequence(p + i, text.size() - i);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

}  // namespace

bool JsonWriter::needs_no_escape(std::string_view text) {
  return plain_prefix(text.data(), text.size()) == text.size();
}

JsonWriter& JsonWriter::open(char bracket) {
  if (!begin(true)) {
    ++skipped_;
    return *this;
  }
  out_.push_back(bracket);
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  if (skipped_ > 0) {
    --skipped_;
    return *this;
  }
  out_.push_back(bracket);
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  if (!begin(false)) return *this;
  out_.push_back('"');
  out_.append(name);
  out_.append("\":", 2);
  need_comma_ = false;
  has_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::escaped_key(std::string_view name) {
  value(name);
  if (skipping_) return *this;
  out_.push_back(':');
  need_comma_ = false;
  has_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  if (begin(true)) out_.append(json);
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  if (!begin(true)) return *this;
  out_.push_back('"');
  const size_t n = plain_prefix(text.data(), text.size());
  const size_t fits = std::min(n, room());
  out_.append(text.substr(0, fits));
  if (fits < n) {
    cut_ = true;
  } else if (n < text.size()) {
    escape(text.substr(n));
  }
  out_.push_back('"');
  return *this;
}

void JsonWriter::escape(std::string_view text) {
  bool utf8 = valid_utf8(text);
  for (size_t i = 0; i < text.size();) {
    const bool begins = plain(static_cast<uint8_t>(text[i]));  // else a run of what is not would be looked at 16 times
    const size_t n = begins ? plain_prefix(text.data() + i, text.size() - i) : 0;
    const size_t fits = std::min(n, room());
    out_.append(text.substr(i, fits));
    i += fits;
    if (i == text.size()) return;
    auto c = static_cast<uint8_t>(text[i]);
    const bool within = utf8 && (c & 0xc0) == 0x80;  // a character is whole or not there
    if (fits < n || (room() == 0 && !within)) {
      cut_ = true;
      return;
    }
    if (c >= 0x80 && utf8) {
      out_.push_back(text[i++]);
      continue;
    }
    ++i;
    switch (c) {
      case '"': out_.append("\\\""); break;
      case '\\': out_.append("\\\\"); break;
      case '\n': out_.append("\\n"); break;
      case '\r': out_.append("\\r"); break;
      case '\t': out_.append("\\t"); break;
      case '\b': out_.append("\\b"); break;
      case '\f': out_.append("\\f"); break;
      default:
        if (c < 0x80) {
          out_.append({'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]});
        } else {
          out_.append({'\\', '\\', 'x', kHex[c >> 4], kHex[c & 15]});
        }
    }
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
  char text[kIpTextSize + 2];
  text[0] = '"';
  char* end = write_ip(address, text + 1);
  *end++ = '"';
  return raw({text, end});
}

JsonWriter& JsonWriter::value(Timestamp time) {
  char text[kIso8601Size + 2];
  text[0] = '"';
  char* end = write_iso8601(time, text + 1);
  *end++ = '"';
  return raw({text, end});
}

JsonWriter& JsonWriter::base64(Bytes bytes) {
  if (!begin(true)) return *this;
  out_.push_back('"');
  out_.append(to_base64(fitting(bytes, 2)));
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::printable(Bytes bytes) {
  if (!begin(true)) return *this;
  out_.push_back('"');
  for (uint8_t c : fitting(bytes, 2)) {
    switch (c) {
      case '"': out_.append("\\\""); break;
      case '\\': out_.append("\\\\"); break;
      case '\n': out_.append("\\n"); break;
      case '\r': out_.append("\\r"); break;
      case '\t': out_.append("\\t"); break;
      default: out_.push_back(plain(c) ? static_cast<char>(c) : '.');
    }
  }
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::hex(Bytes bytes, char separator) {
  if (!begin(true)) return *this;
  out_.push_back('"');
  out_.append(to_hex(fitting(bytes, 3), separator));
  out_.push_back('"');
  return *this;
}

}  // namespace lapwing
