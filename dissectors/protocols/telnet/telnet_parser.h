// Telnet as bytes: what is text, and the commands and options amid it (RFC 854, 855).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::telnet {

/// Commands (RFC 854, RFC 855).
enum Command : uint8_t { kSubEnd = 240, kSub = 250, kWill = 251, kWont = 252, kDo = 253, kDont = 254, kIac = 255 };

/// Options (IANA registry "Telnet Options") that mean something here.
enum Option : uint8_t { kTerminalType = 24, kTerminalSpeed = 32, kEncryption = 38, kEnvironment = 39 };
/// By IANA's registry, or the number as text in `scratch`.
std::string_view option_name(uint64_t option, std::string& scratch);

/// What a stream goes on with.
struct Unit {
  enum class Kind : uint8_t { text, command, negotiation, subnegotiation, unfinished } kind = Kind::unfinished;
  size_t size = 0;      // bytes of it; of what is unfinished, those that are there
  uint8_t command = 0;  // of commands and negotiations
  uint8_t option = 0;   // of negotiations and subnegotiations
  Bytes value;          // of a subnegotiation, behind its option, IAC IAC as it stands
};
/// The first unit of `bytes`, which are not empty. Text reaches to the next IAC, or to the end of its line. A
/// subnegotiation has its end within its first `limit` bytes, or is a command alone. `seen`: bytes of one that is not
/// finished and was offered before; kept between calls, at first 0.
Unit next_unit(Bytes bytes, size_t limit, size_t& seen);

/// The value of USER in what a client says of its environment (RFC 1572), or empty.
std::string environment_user(Bytes value);

}  // namespace lapwing::telnet
