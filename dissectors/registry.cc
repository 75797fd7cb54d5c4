#include "dissectors/registry.h"

#include <array>

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
