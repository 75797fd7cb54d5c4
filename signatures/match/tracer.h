// Tracer: watches the rule engine of one worker at work, for those who write rules or weigh them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "signatures/match/match_context.h"

namespace lapwing::rules {
struct Group;
}

namespace lapwing {

/// One look at a rule that was a candidate. Views live as long as the call.
struct RuleLook {
  const RuleInfo* rule = nullptr;
  const MatchContext* context = nullptr;
  Direction direction = Direction::to_server;  // whose bytes; source and destination follow it
  IpAddress src, dst;
  uint16_t src_port = 0, dst_port = 0;
  const Transaction* tx = nullptr;  // null for packets and streams
  bool stream = false;              // the raw bytes are those of the stream
  bool matched = false;
  uint64_t ticks = 0;  // time-stamp counter's
};

/// The first requirement of a rule that did not hold, in the order of evaluation.
struct RuleMiss {
  std::string_view part;  // "header", "condition", "buffer" or "state"
  std::string condition;  // in the rule language's words
  std::string found;      // what was there instead, or empty
  std::string buffer;     // whose bytes were looked at, or empty
  Bytes bytes;            // from where the requirement looked on
  uint64_t offset = 0;    // of `bytes` in the buffer
  size_t size = 0;        // of the buffer
};

/// [W] While there is none, the engine pays a test of a pointer for each candidate and each scan.
class Tracer {
 public:
  virtual ~Tracer() = default;
  /// Whether looked() wants to know why this rule does not match, and flow_over() whether it might have.
  virtual bool asks(const RuleInfo& rule) const = 0;
  /// `miss` is null when the rule matched or asks() was false.
  virtual void looked(const RuleLook& look, const RuleMiss* miss) = 0;
  /// Patterns of the group were sought in so many bytes.
  virtual void scanned(const rules::Group& group, size_t bytes, uint64_t ticks) = 0;
  /// A flow is over. `why_not`: what would have kept the rule from being a candidate in it, if it was none.
  virtual void flow_over(const MatchContext& context, const RuleInfo& rule, std::string_view why_not) = 0;
};

/// The processor's time-stamp counter.
inline uint64_t ticks() {
  return __builtin_ia32_rdtsc();
}

}  // namespace lapwing
