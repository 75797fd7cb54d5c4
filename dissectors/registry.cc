#include "dissectors/registry.h"

#include <array>

#include "sensor/event/protocol_set.h"

#define DISSECTOR(name, ...)      \
  namespace lapwing::name {       \
  extern const DissectorRow kRow; \
  }
#include "dissectors/list.inc"
#undef DISSECTOR

namespace lapwing {

std::span<const DissectorRow* const> dissectors() {
#define DISSECTOR(name, ...) &name::kRow,
  static constexpr std::array kRows{
#include "dissectors/list.inc"
  };
#undef DISSECTOR
  static_assert(kRows.size() <= kMaxProtocols);
  return kRows;
}

}  // namespace lapwing
