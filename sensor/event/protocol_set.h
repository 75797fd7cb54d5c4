// ProtocolSet: some of the protocols that a build dissects.
#pragma once

#include "sensor/base/bit_set.h"

namespace lapwing {

/// Protocols that a build can tell apart. Their number stands in a byte, in which this limit itself means none.
inline constexpr size_t kMaxProtocols = 128;
static_assert(kMaxProtocols <= UINT8_MAX);

/// Protocols by their place in the list of who holds the set.
using ProtocolSet = BitSet<kMaxProtocols>;

}  // namespace lapwing
