// Numbers for the names of state that outlives a rule set: flowbits, flowints, xbits, hostbits,
// captured variables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::rules {

enum class NameKind : uint8_t { flowbit, flowint, xbit, hostbit, variable };
inline constexpr size_t kNameKinds = 5;

inline constexpr size_t kMaxNames = 65536;  // of one kind, over all rule sets of the process

/// The number of a name, the same in every rule set of the process; nothing when there are kMaxNames others. Cold;
/// serialised by a lock.
std::optional<uint16_t> number_of(NameKind kind, std::string_view name);
std::string name_of(NameKind kind, uint16_t number);
/// All names of a kind by number.
std::vector<std::string> names_of(NameKind kind);

}  // namespace lapwing::rules
