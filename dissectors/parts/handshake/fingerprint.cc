#include "dissectors/parts/handshake/fingerprint.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "sensor/base/openssl.h"
#include "sensor/base/text.h"

namespace lapwing::tls {

namespace {

constinit DigestAlgorithm md5("MD5"), sha256("SHA256");

void append_number(std::string& out, unsigned number) {
  char text[12];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

class DashedList {
 public:
  explicit DashedList(std::string& out) : out_(out), start_(out.size()) {}
  void add(uint16_t value) {
    if (is_grease(value)) return;
    if (out_.size() > start_) out_.push_back('-');
    append_number(out_, value);
  }

 private:
  std::string& out_;
  size_t start_;
};

void append_values(std::string& out, const Values16& values) {
  out.push_back(',');
  DashedList list(out);
  for (size_t i = 0; i < values.size(); ++i) list.add(values[i]);
}

void append_extension_types(std::string& out, Bytes extensions) {
  out.push_back(',');
  DashedList list(out);
  for (Extension e; next_extension(extensions, e);) list.add(e.type);
}

std::string_view ja4_version(uint16_t version) {
  switch (version) {
    case kTls13: return "13";
    case kTls12: return "12";
    case 0x0302: return "11";
    case kTls10: return "10";
    case kSsl3: return "s3";
    case kSsl2: return "s2";
    default: return "00";  // drafts of TLS 1.3 among them
  }
}

bool alphanumeric(uint8_t c) {
  const uint8_t l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
}

/// First and last character of the first ALPN value, or of its hex form where these are not alphanumeric.
void append_ja4_alpn(std::string& out, Bytes alpn) {
  Bytes name;
  if (!next_alpn(alpn, name) || name.empty()) {
    out += "00";
  } else if (alphanumeric(name.front()) && alphanumeric(name.back())) {
    out.push_back(static_cast<char>(name.front()));
    out.push_back(static_cast<char>(name.back()));
  } else {
    out.push_back(to_hex(name.first(1)).front());
    out.push_back(to_hex(name.last(1)).back());
  }
}

void append_count(std::string& out, size_t count) {
  count = std::min<size_t>(count, 99);
  out.push_back(static_cast<char>('0' + count / 10));
  out.push_back(static_cast<char>('0' + count % 10));
}

void append_hex_list(std::string& out, std::span<const uint16_t> values) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i) out.push_back(',');
    for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kDigits[values[i] >> shift & 0xf]);
  }
}

std::string short_sha256(std::string_view text) {
  return text.empty() ? std::string(12, '0') : digest_hex(sha256, text, 6);
}

}  // namespace

std::string ja3_string(const Hello& client) {
  std::string out;
  out.reserve(256);
  append_number(out, client.legacy_version);
  append_values(out, client.ciphers);
  append_extension_types(out, client.extensions);
  append_values(out, client.groups);
  out.push_back(',');
  DashedList formats(out);
  for (uint8_t format : client.point_formats) formats.add(format);
  return out;
}

std::string ja3s_string(const Hello& server) {
  std::string out;
  append_number(out, server.legacy_version);
  append_values(out, server.ciphers);
  append_extension_types(out, server.extensions);
  return out;
}

std::string md5_hex(std::string_view text) {
  return digest_hex(md5, text, 16);
}

std::string ja4(const Hello& client) {
  std::vector<uint16_t> ciphers, extensions, signatures;
  for (size_t i = 0; i < client.ciphers.size(); ++i) {
    if (!is_grease(client.ciphers[i])) ciphers.push_back(client.ciphers[i]);
  }
  size_t extension_count = 0;
  Bytes rest = client.extensions;
  for (Extension e; next_extension(rest, e);) {
    if (is_grease(e.type)) continue;
    ++extension_count;
    if (e.type != ext::server_name && e.type != ext::alpn) extensions.push_back(e.type);
  }
  for (size_t i = 0; i < client.signatures.size(); ++i) {
    if (!is_grease(client.signatures[i])) signatures.push_back(client.signatures[i]);
  }
  std::ranges::sort(ciphers);
  std::ranges::sort(extensions);

  std::string out = "t";
  out += ja4_version(client.version);
  out.push_back(client.has_sni ? 'd' : 'i');
  append_count(out, ciphers.size());
  append_count(out, extension_count);
  append_ja4_alpn(out, client.alpn);

  std::string text;
  append_hex_list(text, ciphers);
  out.push_back('_');
  out += short_sha256(text);
  text.clear();
  append_hex_list(text, extensions);
  if (!text.empty() && !signatures.empty()) {
    text.push_back('_');
    append_hex_list(text, signatures);
  }
  out.push_back('_');
  out += short_sha256(text);
  return out;
}

}  // namespace lapwing::tls
