#include "analytics/intel/indicator.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr std::string_view kNames[kIndicatorTypes] = {
    "domain", "domain-exact", "network", "url",   "md5",        "sha1",      "sha256",    "ja3",
    "ja3s",   "ja4",          "hassh",   "email", "user-agent", "file-name", "tls-serial"};
constexpr size_t kMostName = 253;  // RFC 1035 2.3.4, as text
constexpr size_t kMostLabel = 63;

/// What a byte of an indicator can be: bits.
enum : uint8_t {
  kDigit = 1,
  kHexLetter = 2,
  kLetter = 4,
  kHyphen = 8,
  kDot = 16,
  kColon = 32,
  kSlash = 64,
  kOther = 128
};
constexpr uint8_t kHex = kDigit | kHexLetter, kOfNames = kHex | kLetter | kHyphen;
constexpr std::array<uint8_t, 256> kClass = [] {
  std::array<uint8_t, 256> out{};
  for (size_t i = 0; i < out.size(); ++i) {
    const auto c = lower(static_cast<uint8_t>(i));
    out[i] = c >= '0' && c <= '9'   ? kDigit
             : c >= 'a' && c <= 'f' ? kHexLetter
             : c >= 'g' && c <= 'z' ? kLetter
             : c == '-' || c == '_' ? kHyphen
             : c == '.'             ? kDot
             : c == ':'             ? kColon
             : c == '/'             ? kSlash
                                    : kOther;
  }
  return out;
}();

uint8_t class_of(char c) {
  return kClass[static_cast<uint8_t>(c)];
}

/// Of all bytes.
uint8_t classes_of(std::string_view text) {
  uint8_t out = 0;
  for (const char c : text) out |= class_of(c);
  return out;
}

bool is_hex(std::string_view text) {
  return (classes_of(text) & ~kHex) == 0;
}

std::optional<std::string> hex_of(std::string_view text, size_t size) {
  if (text.size() != size || !is_hex(text)) return std::nullopt;
  return to_lower(text);
}

std::optional<std::string> host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kMostName) return std::nullopt;
  size_t label = 0;
  for (const char c : text) {
    const uint8_t of = class_of(c);
    if (of & kOfNames) {
      if (++label > kMostLabel) return std::nullopt;
    } else if (of != kDot || label == 0) {
      return std::nullopt;
    } else {
      label = 0;
    }
  }
  if (label == 0) return std::nullopt;
  return to_lower(text);
}

std::optional<std::string> domain(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  const size_t dot = text.substr(0, text.size() - text.ends_with('.')).rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  // The last label is no number (RFC 3696 2): an address with a fault is no name.
  if ((classes_of(text.substr(dot + 1)) & ~(kDigit | kDot)) == 0) return std::nullopt;
  return host_name(text);
}

/// Where the first of the two stands, or the end.
size_t first_of(std::string_view text, char one, char other) {
  // A loop: find_first_of() asks memchr() about every byte.
  size_t at = 0;
  while (at < text.size() && text[at] != one && text[at] != other) ++at;
  return at;
}

int hex_value(char c) {
  return c <= '9' ? c - '0' : lower(static_cast<uint8_t>(c)) - 'a' + 10;
}

/// Octets that need no escape are written as themselves (RFC 3986 6.2.2.2), the digits of others in capitals.
std::string without_needless_escapes(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size() || !is_hex(text.substr(i + 1, 2))) {
      out += text[i];
      continue;
    }
    const int value = hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]);
    const auto low = lower(static_cast<uint8_t>(value));
    const bool unreserved = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') || low == '-' || low == '.' ||
                            low == '_' || low == '~';
    if (unreserved) {
      out += static_cast<char>(value);
    } else {
      out += {'%', kDigits[static_cast<size_t>(value / 16)], kDigits[static_cast<size_t>(value % 16)]};
    }
    i += 2;
  }
  return out;
}

std::optional<std::string> url(std::string_view text) {
  std::string_view own_port = "80";
  if (const size_t end = text.find("://"); end != std::string_view::npos) {
    if (equal_nocase(text.substr(0, end), "https")) own_port = "443";
    text.remove_prefix(end + 3);
  }
  text = text.substr(0, text.find('#'));
  const size_t slash = first_of(text, '/', '?');
  std::string_view host = text.substr(0, slash);
  if (const size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  std::string_view port;
  const bool bracketed = host.starts_with('[');
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (!bracketed || host[colon - 1] == ']')) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (!port.empty() && !parse_unsigned(port)) return std::nullopt;
  std::optional<std::string> named;
  if (bracketed && host.ends_with(']')) {
    const auto address = IpAddress::parse(host.substr(1, host.size() - 2));
    if (address) named = std::string(1, '[').append(to_string(*address)) += ']';
  } else {
    named = host_name(host);
  }
  if (!named) return std::nullopt;
  std::string out = std::move(*named);
  if (!port.empty() && port != own_port) (out += ':') += port;
  if (slash == text.size() || text[slash] == '?') out += '/';
  return out += without_needless_escapes(text.substr(slash));
}

/// "t13d1516h2_8daaf6152771_e5627efa2ab1" (FoxIO, JA4).
bool is_ja4(std::string_view text) {
  const auto part = [&](size_t at, size_t size) { return is_hex(text.substr(at, size)); };
  return text.size() == 36 && text[10] == '_' && text[23] == '_' && part(11, 12) && part(24, 12);
}

std::optional<std::string> email(std::string_view text) {
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  const size_t at = text.rfind('@');
  if (at == 0 || at == std::string_view::npos || !host_name(text.substr(at + 1))) return std::nullopt;
  return to_lower(text);
}

std::optional<std::string> serial(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ':') out += static_cast<char>(lower(static_cast<uint8_t>(c)));
  }
  if (out.empty() || !is_hex(out)) return std::nullopt;
  return out.substr(std::min(out.find_first_not_of('0'), out.size() - 1));
}

}  // namespace

std::string_view name(IndicatorType type) {
  return kNames[static_cast<size_t>(type)];
}

std::optional<IndicatorType> indicator_type(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<IndicatorType>(found - std::begin(kNames));
}

Network Network::of(const IpAddress& address, unsigned bits) {
  Network out{address, bits};
  for (size_t i = 0; i < out.first.bytes.size(); ++i) {
    const unsigned kept = bits > i * 8 ? std::min(bits - static_cast<unsigned>(i) * 8, 8U) : 0;
    out.first.bytes[i] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return out;
}

std::optional<Network> Network::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const auto all = static_cast<unsigned>(address->size() * 8);
  if (slash == std::string_view::npos) return of(*address, all);
  const auto bits = parse_unsigned(text.substr(slash + 1));
  if (!bits || *bits > all) return std::nullopt;
  return of(*address, static_cast<unsigned>(*bits));
}

std::string Network::key() const {
  std::string out{static_cast<char>(first.version), static_cast<char>(bits)};
  out.append(reinterpret_cast<const char*>(first.bytes.data()), first.bytes.size());
  return out;
}

std::optional<std::string> canonical(IndicatorType type, std::string_view text) {
  constexpr size_t kMd5 = 32, kSha1 = 40, kSha256 = 64;  // hex digits
  switch (type) {
    case IndicatorType::domain:
    case IndicatorType::domain_exact: return domain(text);
    case IndicatorType::network:
      if (const auto network = Network::parse(text)) return network->key();
      return std::nullopt;
    case IndicatorType::url: return url(text);
    case IndicatorType::md5:
    case IndicatorType::ja3:
    case IndicatorType::ja3s:
    case IndicatorType::hassh: return hex_of(text, kMd5);
    case IndicatorType::sha1: {
      if (text.size() == kSha1) return hex_of(text, kSha1);
      std::string plain(text);  // certificates' are written with colons
      std::erase(plain, ':');
      return hex_of(plain, kSha1);
    }
    case IndicatorType::sha256: return hex_of(text, kSha256);
    case IndicatorType::ja4: return is_ja4(text) ? std::optional(to_lower(text)) : std::nullopt;
    case IndicatorType::email: return email(text);
    case IndicatorType::user_agent: return text.empty() ? std::nullopt : std::optional(std::string(text));
    case IndicatorType::file_name: return text.empty() ? std::nullopt : std::optional(to_lower(text));
    case IndicatorType::tls_serial: return serial(text);
  }
  return std::nullopt;
}

std::optional<Guess> guess(std::string_view text) {
  const auto as = [](IndicatorType type, std::optional<std::string> form) {
    return form ? std::optional(Guess{type, std::move(*form)}) : std::nullopt;
  };
  if (text.starts_with('=')) return as(IndicatorType::domain_exact, domain(text.substr(1)));
  const uint8_t classes = classes_of(text);
  // By what its bytes are, most types need not be tried.
  const bool hex = (classes & ~kHex) == 0;
  const bool address = (classes & ~(kHex | kDot | kColon | kSlash)) == 0 && (classes & (kDot | kColon)) != 0;
  const std::pair<IndicatorType, bool> kTried[] = {
      {IndicatorType::network, address},
      {IndicatorType::md5, hex},
      {IndicatorType::sha1, hex || (classes & ~(kHex | kColon)) == 0},
      {IndicatorType::sha256, hex},
      {IndicatorType::ja4, (classes & kHyphen) != 0 && (classes & (kDot | kColon | kSlash | kOther)) == 0},
      {IndicatorType::domain, (classes & kDot) != 0 && (classes & (kColon | kSlash)) == 0}};
  for (const auto& [type, may_be] : kTried) {
    if (!may_be) continue;
    if (auto form = canonical(type, text)) return Guess{type, std::move(*form)};
  }
  if ((classes & kSlash) != 0) return as(IndicatorType::url, url(text));
  return as(IndicatorType::email, email(text));
}

}  // namespace lapwing::analytics
