#include "signatures/match/tag.h"

#include <algorithm>

#include "signatures/match/match_context.h"

namespace lapwing::rules {

void TagList::add(const Tag& tag, const RuleInfo& rule, Timestamp now, MatchCounters& counters) {
  for (Entry& entry : entries_) {
    if (entry.sid != rule.sid || entry.gid != rule.gid) continue;
    if (++entry.starts < kMaxTagStarts) {
      entry.start = now;
      entry.packets = entry.bytes = 0;
    } else {
      counters.tag_starts_max++;
    }
    return;
  }
  if (entries_.size() == kMaxTags) {
    counters.tags_max++;
    return;
  }
  entries_.insert(entries_.begin(), {rule.gid, rule.sid, tag, now});
}

bool TagList::count(size_t bytes, Timestamp now) {
  constexpr int64_t kSecond = 1'000'000'000;  // ns
  bool wanted = false;
  std::erase_if(entries_, [&](Entry& entry) {
    entry.packets++;
    entry.bytes += bytes;
    if (!entry.alerted) {
      entry.alerted = true;
      return false;
    }
    bool over = false;
    switch (entry.tag.metric) {
      case Tag::Metric::packets: over = entry.packets > entry.tag.count; break;
      case Tag::Metric::bytes: over = entry.bytes > entry.tag.count; break;
      case Tag::Metric::seconds: over = now.ns / kSecond - entry.start.ns / kSecond > int64_t{entry.tag.count}; break;
    }
    wanted |= !over;
    return over;
  });
  return wanted;
}

}  // namespace lapwing::rules
