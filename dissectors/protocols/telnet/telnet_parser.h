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
/// By IANA's registry, or the number as text.
std::string_view option_name(uint8_t option);

/// What a stream goes on with.
struct Unit {
  /// subnegotiation: its beginning, with its option.
  enum class Kind : uint8_t { text, command, negotiation, subnegotiation, unfinished } kind = Kind::unfinished;
  size_t size = 0;      // bytes of it; of what is unfinished, those that are there
  uint8_t command = 0;  // of commands and negotiations
  uint8_t option = 0;   // of negotiations and subnegotiations
};
/// The first unit of `bytes`, which are not empty and not within a subnegotiation. Text reaches to the next IAC, or to
/// the end of its line.
Unit next_unit(Bytes bytes);

/// [W] What a subnegotiation says behind its option, in whatever pieces it comes.
class Subnegotiation {
 public:
  void begin(uint8_t option);
  bool open() const { return open_; }
  /// Bytes were lost: it says nothing.
  void lose() { open_ = false; }
  /// Takes what of `bytes` belongs to it, of whose value `limit` bytes are kept, and returns how many those are. It is
  /// over at IAC SE, and at any other command, as servers have it. An IAC that comes last is left.
  size_t take(Bytes bytes, size_t limit);

  uint8_t option() const { return option_; }
  const std::string& value() const { return value_; }  // IAC IAC is one
  uint64_t size() const { return size_; }              // of all its value

 private:
  bool open_ = false;
  uint8_t option_ = 0;
  std::string value_;
  uint64_t size_ = 0;
};

/// The value of USER in what a client says of its environment (RFC 1572), or empty.
std::string environment_user(std::string_view value);

}  // namespace lapwing::telnet
