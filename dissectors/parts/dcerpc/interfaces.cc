#include "dissectors/parts/dcerpc/interfaces.h"

#include <algorithm>

namespace lapwing::dcerpc {

namespace {

constexpr std::span<const std::string_view> kOperationsNone;
#define OPERATIONS(number, ...) constexpr std::string_view kOperations##number[] = {__VA_ARGS__};
#define INTERFACE(uuid, name, operations)
#include "dissectors/parts/dcerpc/interfaces.inc"
#undef OPERATIONS
#undef INTERFACE

constexpr Interface kInterfaces[] = {
#define OPERATIONS(number, ...)
#define INTERFACE(uuid, name, operations) {*parse_uuid(uuid), name, kOperations##operations},
#include "dissectors/parts/dcerpc/interfaces.inc"
#undef OPERATIONS
#undef INTERFACE
};
static_assert(std::ranges::is_sorted(kInterfaces, {}, &Interface::uuid));

}  // namespace

const Interface* find_interface(const Uuid& uuid) {
  const auto* found = std::ranges::lower_bound(kInterfaces, uuid, {}, &Interface::uuid);
  return found != std::end(kInterfaces) && found->uuid == uuid ? found : nullptr;
}

std::string_view operation_name(const Interface& interface, uint16_t number) {
  return number < interface.operations.size() ? interface.operations[number] : std::string_view();
}

}  // namespace lapwing::dcerpc
