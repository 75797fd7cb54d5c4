// Recut: the same streams in other segments.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tests/hunt/random.h"
#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// Every TCP segment in single bytes, each acknowledged before the next. None where the frames hold anything that makes
/// it another story: what is not plain, out of order, repeated, lost, late, never acknowledged, or too long to be
/// affordable.
std::optional<std::vector<test::BuiltFrame>> in_single_bytes(std::span<const test::BuiltFrame> frames);

struct Resegmented {
  std::vector<test::BuiltFrame> frames;
  size_t changed = 0;  // segments cut or joined, acknowledgements added or withheld
};

/// TCP segments cut and joined anew, and acknowledged anew, of each connection that went a smooth way: begun in sight,
/// in order, nothing repeated or lost, all of it acknowledged. The others stay as they are.
Resegmented resegmented(std::span<const test::BuiltFrame> frames, Random& random);

}  // namespace lapwing::hunt
