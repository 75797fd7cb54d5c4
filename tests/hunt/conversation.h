// Conversation: a few flows at once, or a campaign of many, as frames, all of it drawn from a seed and a number.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// In place of an act's name: any.
inline constexpr std::string_view kAnyAct = "campaign";

/// Whether it is one; `only` as below.
bool is_campaign(uint64_t number, std::string_view only);

/// Frames in the order of the capture, numbered from 1, all Ethernet. `only`: the one grammar spoken, or act of
/// campaigns; empty: any.
std::vector<test::BuiltFrame> conversation(uint64_t seed, uint64_t number, std::string_view only);

}  // namespace lapwing::hunt
