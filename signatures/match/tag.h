// Tags: which packets after an alert are recorded, and for how long.
#pragma once

#include <vector>

#include "sensor/base/time.h"
#include "signatures/program/rule.h"

namespace lapwing {
struct MatchCounters;
}

namespace lapwing::rules {

inline constexpr size_t kMaxTags = 50;         // rules that tag one flow or host at a time
inline constexpr uint32_t kMaxTagStarts = 10;  // matches that start a tag's count anew: an attacker can cause them

/// [W] What one flow or host is tagged with.
class TagList {
 public:
  /// The rule matched: its count starts, or starts anew.
  void add(const Tag& tag, const RuleInfo& rule, Timestamp now, MatchCounters& counters);
  /// Counts a packet; true when it is to be recorded.
  bool count(size_t bytes, Timestamp now);
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    uint32_t gid = 0, sid = 0;
    Tag tag;
    Timestamp start;
    uint64_t packets = 0, bytes = 0;
    uint32_t starts = 1;
    bool alerted = false;  // the packet that alerted is behind us
  };
  std::vector<Entry> entries_;  // latest first
};

}  // namespace lapwing::rules
