// Recut: the same streams in single bytes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// Every TCP segment in single bytes, each acknowledged before the next. None where the frames hold anything that makes
/// it another story: what is not plain, out of order, repeated, lost, late, never acknowledged, or too long to be
/// affordable.
std::optional<std::vector<test::BuiltFrame>> in_single_bytes(std::span<const test::BuiltFrame> frames);

}  // namespace lapwing::hunt
