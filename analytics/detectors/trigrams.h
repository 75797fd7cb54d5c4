// How likely the characters of a name follow each other, in the names that people give.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lapwing::analytics {

/// In 1/16 bit a character, of a label in lower case. None: it is shorter than what can be judged, is coded (RFC 3492),
/// or has characters that no name of a host has.
std::optional<uint16_t> surprise(std::string_view label);
/// What the mean of so many names that people give is above in 1 of 1,000 cases; never, of fewer than are enough.
uint16_t surprise_limit(uint32_t names);

}  // namespace lapwing::analytics
