#include "sensor/base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace lapwing {

namespace {

/// An octet's digits with a dot behind them.
struct Octet {
  std::array<char, 4> text;
  uint8_t size;
};
constexpr std::array<Octet, 256> kOctets = [] {
  std::array<Octet, 256> out{};
  for (unsigned i = 0; i < out.size(); ++i) {
    Octet& octet = out[i];
    if (i >= 100) octet.text[octet.size++] = static_cast<char>('0' + i / 100);
    if (i >= 10) octet.text[octet.size++] = static_cast<char>('0' + i / 10 % 10);
    octet.text[octet.size++] = static_cast<char>('0' + i % 10);
    octet.text[octet.size++] = '.';
  }
  return out;
}();

bool of_addresses(char c) {
  return (c >= '0' && c <= ':') || c == '.' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// A dotted quad, as most addresses are, without a copy; nothing: another form, or none.
std::optional<IpAddress> parse_quad(std::string_view text) {
  IpAddress out{.version = 4};
  const char *at = text.data(), *const end = at + text.size();
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return {};
    const char* const from = at;
    unsigned number = 0;
    for (; at != end && at - from < 3 && *at >= '0' && *at <= '9'; ++at) {
      number = 10 * number + static_cast<unsigned>(*at - '0');
    }
    if (at == from || number > 255 || (*from == '0' && at - from > 1)) return {};
    out.bytes[i] = static_cast<uint8_t>(number);
  }
  return at == end ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (const auto quad = parse_quad(text)) return quad;
  char buffer[kIpTextSize];
  // Most that is no address is a name, which other letters tell.
  if (text.empty() || text.size() >= sizeof buffer || !std::ranges::all_of(text, of_addresses)) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  IpAddress address;
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) != 1) return std::nullopt;
  address.version = 6;
  return address;
}

char* write_ip(const IpAddress& address, char* out) {
  if (address.version == 4) {
    for (size_t i = 0; i < 4; ++i) {
      const Octet& octet = kOctets[address.bytes[i]];
      std::memcpy(out, octet.text.data(), octet.text.size());
      out += octet.size;
    }
    --out;  // the dot behind the last
  } else if (address.version == 6) {
    constexpr char kHex[] = "0123456789abcdef";
    for (size_t i = 0; i < 16; ++i) {
      if (i && i % 2 == 0) *out++ = ':';
      *out++ = kHex[address.bytes[i] >> 4];
      *out++ = kHex[address.bytes[i] & 15];
    }
  }
  return out;
}

std::string to_string(const IpAddress& address) {
  char text[kIpTextSize];
  return {text, write_ip(address, text)};
}

}  // namespace lapwing
