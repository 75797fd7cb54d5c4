// THE dissectors: those that dissectors/list.inc names, in its order.
#pragma once

#include <span>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/packet_dissector.h"

namespace lapwing {

/// Each protocol's file defines the row that stands for it.
std::span<const DissectorRow* const> dissectors();
std::span<const PacketDissectorRow* const> packet_dissectors();

}  // namespace lapwing
