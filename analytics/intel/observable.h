// Observable: what traffic shows that indicators may name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "analytics/intel/indicator_table.h"

namespace lapwing::analytics {

/// name: a host by name or address. url: with its host. hash: of a file or certificate, in hex, with colons or without.
enum class Observable : uint8_t {
  name,
  address,
  url,
  hash,
  ja3,
  ja3s,
  ja4,
  hassh,
  email,
  user_agent,
  file_name,
  tls_serial
};

/// What a host has done with an indicator; bits.
namespace deed {
inline constexpr uint8_t tried = 1;      // a connection that nobody answered
inline constexpr uint8_t asked = 2;      // for the name
inline constexpr uint8_t answered = 4;   // by a name server, with the name or address
inline constexpr uint8_t connected = 8;  // to it, or to who shows it
inline constexpr uint8_t data = 16;      // both sides said something
inline constexpr uint8_t mailed = 32;
inline constexpr uint8_t file = 64;       // got or gave it
inline constexpr uint8_t followed = 128;  // connected to an address that it got for the name
/// "asked", in the order of the bits.
inline constexpr std::string_view kNames[] = {"tried", "asked",  "answered", "connected",
                                              "data",  "mailed", "file",     "followed"};
}  // namespace deed

/// [S] A member of records that shows one.
struct ObservableField {
  std::string_view path;
  Observable what = Observable::name;
  uint8_t deeds = 0;               // of who is seen with it; 0: records of the past alone have the member
  std::string_view in_front = {};  // path of the text in front of a value that begins with '/'
};
std::span<const ObservableField> observable_fields();
/// Bits of the types by which it may be listed.
uint32_t types_of(Observable what);

struct Found {
  const IndicatorSlot* slot = nullptr;
  std::string canonical;  // of the indicator that is listed
};
/// Of a URL also without query, and its host; of an e-mail address also its domain. `day`: since 1970, on which it must
/// count; 0: whatever the day.
std::optional<Found> look_up(const IndicatorTable& table, Observable what, std::string_view value, uint16_t day = 0);
std::optional<Found> look_up(const IndicatorTable& table, const IpAddress& address, uint16_t day = 0);

}  // namespace lapwing::analytics
