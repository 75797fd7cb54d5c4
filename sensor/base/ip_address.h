// An IPv4 or IPv6 address by value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace lapwing {

/// version 4 uses bytes[0..3] and leaves the rest zero; version 0 is "no address".
struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  uint8_t version = 0;

  static IpAddress v4(const uint8_t* p) {
    IpAddress a{.version = 4};
    std::memcpy(a.bytes.data(), p, 4);
    return a;
  }
  static IpAddress v6(const uint8_t* p) {
    IpAddress a{.version = 6};
    std::memcpy(a.bytes.data(), p, 16);
    return a;
  }
  static std::optional<IpAddress> parse(std::string_view text);

  size_t size() const { return version == 4 ? 4 : version == 6 ? 16 : 0; }
  auto operator<=>(const IpAddress&) const = default;
};

/// Bytes the longest address text needs.
inline constexpr size_t kIpTextSize = 46;

/// IPv4 as dotted quad; IPv6 as eight full groups of four hex digits, the form EVE records use. Returns the end; of
/// kIpTextSize bytes those behind it may be written, too.
char* write_ip(const IpAddress& address, char* out);
std::string to_string(const IpAddress& address);

}  // namespace lapwing
