// The echo line protocol, one line of it: pure functions from bytes to message.
#pragma once

#include <cstdint>

#include "sensor/base/bytes.h"

namespace lapwing::echo {

/// A longer line is refused: nothing else bounds what one line makes us keep.
inline constexpr size_t kMaxLine = 4096;

enum class Outcome : uint8_t { ok, incomplete, invalid, too_long };

struct Line {
  Outcome outcome = Outcome::incomplete;
  size_t size = 0;  // bytes of the line with its end; valid when ok
  Bytes text;       // the whole line without its end
};

/// Reads one line from the start of `bytes`. The end of a datagram ends its line too (`whole`).
Line parse_line(Bytes bytes, bool whole);

/// True when `text` is a request: "ECHO", a space, and at least one printable byte.
bool is_request(Bytes text);

/// What the client wants to see again: the request without its verb.
Bytes payload_of(Bytes request);

}  // namespace lapwing::echo
