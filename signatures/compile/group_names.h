// What the groups of a rule set are called by those who show them [cold].
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "signatures/program/compiled.h"

namespace lapwing::rules {

inline constexpr std::string_view kTransportNames[kTransports] = {"tcp", "udp", "icmp", "sctp", "other", "icmpv6"};

std::string_view direction_name(size_t direction);
std::string buffer_name(const Buffer& buffer);
/// Calls `use` with each group that is not empty, in an order that the rules alone determine.
void each_group(const Compiled& compiled, const std::function<void(const Group&, const std::string& name)>& use);

}  // namespace lapwing::rules
