// Interfaces of DCE/RPC and their operations, by name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dissectors/parts/dcerpc/pdu.h"

namespace lapwing::dcerpc {

/// [S] A row of the table that scripts/make_interfaces makes.
struct Interface {
  Uuid uuid;
  std::string_view name;
  std::span<const std::string_view> operations;  // by number; empty: of that number is nothing known
};

/// Whatever its version; null where it is unknown.
const Interface* find_interface(const Uuid& uuid);
/// Empty where it is unknown.
std::string_view operation_name(const Interface& interface, uint16_t number);

}  // namespace lapwing::dcerpc
