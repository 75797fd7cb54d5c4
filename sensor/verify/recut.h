// Recut: the same streams in other segments.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sensor/capture/held_frames.h"
#include "sensor/verify/draws.h"

namespace lapwing::verify {

/// Every TCP segment in single bytes, each acknowledged before the next. None where the frames hold anything that makes
/// it another story: what is not plain, out of order, repeated, lost, late, never acknowledged, or too long to be
/// affordable.
std::optional<std::vector<HeldFrame>> in_single_bytes(std::span<const HeldFrame> frames);

struct Resegmented {
  std::vector<HeldFrame> frames;
  size_t changed = 0;  // segments cut or joined, acknowledgements added or withheld
};

/// TCP segments cut and joined anew, and acknowledged anew, of each connection that went a smooth way: begun in sight,
/// in order, nothing repeated or lost, all of it acknowledged. The others stay as they are.
Resegmented resegmented(std::span<const HeldFrame> frames, Draws& draws);

}  // namespace lapwing::verify
