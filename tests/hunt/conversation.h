// Conversation: a few flows at once as frames, all of it drawn from a seed and a number.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// Frames in the order of the capture, numbered from 1, all Ethernet. `only`: the one grammar spoken; empty: any.
std::vector<test::BuiltFrame> conversation(uint64_t seed, uint64_t number, std::string_view only);

}  // namespace lapwing::hunt
