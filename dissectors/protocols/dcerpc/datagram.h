// Datagrams of DCE/RPC (C706 12.5): pure functions from bytes to structs.
#pragma once

#include <optional>

#include "dissectors/parts/dcerpc/pdu.h"

namespace lapwing::dcerpc {

/// Views the datagram.
struct Datagram {
  static constexpr size_t kHeader = 80;
  Type type = Type::request;
  uint8_t flags = 0;
  bool little = false;
  Uuid object = {}, interface = {}, activity = {};
  uint16_t major = 0, minor = 0;  // version of the interface
  uint32_t sequence = 0;          // of the call
  uint16_t operation = 0, fragment = 0;
  Bytes body;

  bool first() const { return !(flags & kFragment) || fragment == 0; }
  bool last() const { return !(flags & kFragment) || (flags & kLast); }
  bool maybe() const { return flags & kMaybe; }
  /// Whether that side sends such; of what acknowledges fragments either does, and of those of connections neither.
  bool sent_by(Direction direction) const;

 private:
  static constexpr uint8_t kLast = 0x02, kFragment = 0x04, kMaybe = 0x10;
};

/// Nothing where the bytes are none.
std::optional<Datagram> parse_datagram(Bytes bytes);

}  // namespace lapwing::dcerpc
