#include "dissectors/registry.h"

#include <array>

#include "sensor/event/protocol_set.h"

#define DISSECTOR(name, ...)      \
  namespace lapwing::name {       \
  extern const DissectorRow kRow; \
  }
#define PACKETS(name)                         \
  namespace lapwing::name {                   \
  extern const PacketDissectorRow kPacketRow; \
  }
#include "dissectors/list.inc"
#undef DISSECTOR
#undef PACKETS

namespace lapwing {

std::span<const DissectorRow* const> dissectors() {
#define DISSECTOR(name, ...) &name::kRow,
#define PACKETS(name)
  static constexpr std::array kRows{
#include "dissectors/list.inc"
  };
#undef DISSECTOR
#undef PACKETS
  static_assert(kRows.size() <= kMaxProtocols);
  return kRows;
}

std::span<const PacketDissectorRow* const> packet_dissectors() {
#define DISSECTOR(name, ...)
#define PACKETS(name) &name::kPacketRow,
  static constexpr std::array kRows{
#include "dissectors/list.inc"
  };
#undef DISSECTOR
#undef PACKETS
  return kRows;
}

}  // namespace lapwing
