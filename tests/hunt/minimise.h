// Minimise: the smallest frames that still show a finding.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

using Frames = std::vector<test::BuiltFrame>;
/// Whether the finding is still there.
using Shows = std::function<bool(std::span<const test::BuiltFrame>)>;

/// Drops connections, then packets, then bytes of payloads, until nothing more can go or `tries` are spent.
Frames minimise(Frames frames, const Shows& shows, size_t tries);

}  // namespace lapwing::hunt
