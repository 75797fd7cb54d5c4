// Next: what an attacker can do with what it has.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "sensor/event/incident.h"

namespace lapwing::analytics {

inline constexpr size_t kMostNext = 6;

/// Techniques that put to use what those of an incident give, and that it does not have yet: where to look further. In
/// the order of the incident's own.
std::vector<std::string_view> next_of(std::span<const Incident::Attack> attack);

}  // namespace lapwing::analytics
