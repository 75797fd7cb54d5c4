// RuleSet: the compiled rules, as those see them who do not match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/event/alert.h"
#include "sensor/event/event.h"

namespace lapwing {

/// What became of the rules that were read.
struct RuleCounts {
  uint64_t loaded = 0, failed = 0;  // failed: at fault, those too that no line of could be read
  uint64_t skipped = 0;             // legal, but uses a keyword or protocol we do not have yet
  uint64_t older = 0;               // of a sid that is loaded in a later revision
};

/// Where the prefilters came from.
struct DatabaseCounts {
  size_t all = 0, cached = 0;
};

/// Immutable and shared [S]; the inside is signatures/program/compiled.h's business.
class RuleSet {
 public:
  virtual ~RuleSet() = default;
  virtual RuleCounts counts() const = 0;
  virtual std::span<const RuleInfo* const> rules() const = 0;
  virtual uint64_t generation() const = 0;
  virtual DatabaseCounts databases() const = 0;
  /// Frames of the protocol that rules look at: bits by number (frame_kind).
  virtual uint32_t frames(const Protocol& protocol) const = 0;
  /// Some rule looks at the buffer of that name.
  virtual bool reads(std::string_view buffer) const = 0;
};

}  // namespace lapwing
