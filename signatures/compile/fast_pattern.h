// Which part of a rule its prefilter looks for.
#pragma once

#include <optional>

#include "signatures/program/compiled.h"

namespace lapwing::rules {

struct FastPattern {
  BufferId buffer = kRawBuffer;
  Prefilter::Pattern pattern;
  uint64_t first = 0;           // place in the buffer before which the pattern cannot begin
  uint64_t reach = UINT64_MAX;  // bytes from the buffer's start in which it must end

  // Why this one: compared in this order, the first difference decides.
  bool common = false;  // so short or uniform that it is everywhere: taken only if there is no other
  bool asked_for = false;
  int rarity_class = 0;   // of the buffer, lower first
  uint32_t strength = 0;  // after the length
  size_t choices = 0;     // contents that were compared
};

/// The best positive content, or pcre, of the rule in buffers that the group can scan: fields for transactions, else
/// the raw payload. Nothing when the rule must always be looked at.
std::optional<FastPattern> choose_fast_pattern(const Rule& rule, const std::vector<Buffer>& buffers);
/// The best of the rule's raw payload, whatever else it looks at.
std::optional<FastPattern> choose_raw_pattern(const Rule& rule, const std::vector<Buffer>& buffers);

}  // namespace lapwing::rules
