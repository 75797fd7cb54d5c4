#include "signatures/compile/pcre_step.h"

#include <algorithm>

#include "signatures/matcher.h"

namespace lapwing::detect {

Outcome PcreStep::attempt(Inspection& inspection, Attempt& attempt) const {
  const Subject& subject = inspection.subject();
  uint64_t start = relative ? std::max(attempt.cursor, subject.base) : subject.base;
  if (start > subject.end()) return Outcome::fail;
  Bytes bytes = subject.data.subspan(start - subject.base);
  size_t from = attempt.resume > start ? attempt.resume - start : 0;
  Regex::Match match;
  bool found = regex->search(bytes, from, inspection.pcre(), inspection.counters(), match);
  if (negated) {
    attempt.resume = 0;
    return found ? Outcome::fail : Outcome::match;
  }
  if (!found) return Outcome::fail;
  for (const Target& target : targets) {
    Bytes group = Regex::group(bytes, target.group, inspection.pcre());
    if (group.empty()) continue;
    if (!inspection.captures.set(target.kind, target.name, to_text(group))) inspection.counters().variables_max++;
  }
  attempt.cursor = start + match.end;
  attempt.newest = std::max(attempt.newest, attempt.cursor);
  attempt.resume = start + match.start + 1;
  return Outcome::match;
}

}  // namespace lapwing::detect
