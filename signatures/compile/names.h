// Numbers for the names of state that outlives a rule set: flowbits, flowints, xbits, hostbits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::detect {

enum class NameKind : uint8_t { flowbit, flowint, xbit, hostbit };

/// The number of a name, the same in every rule set of the process. Cold; serialised by a lock.
uint16_t number_of(NameKind kind, std::string_view name);
/// All names of a kind by number.
std::vector<std::string> names_of(NameKind kind);

}  // namespace lapwing::detect
