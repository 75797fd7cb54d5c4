// Likelihood: what the first bytes of a side say of a protocol.
#pragma once

#include <cstdint>

namespace lapwing {

/// `more`: may be this protocol, but these bytes do not suffice to tell.
enum class Likelihood : uint8_t { no, more, maybe, sure };

}  // namespace lapwing
