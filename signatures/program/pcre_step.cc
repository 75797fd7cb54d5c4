#include "signatures/program/pcre_step.h"

#include <algorithm>

#include "signatures/program/match_counters.h"
#include "signatures/program/names.h"
#include "signatures/program/words.h"

namespace lapwing::rules {

Outcome PcreStep::attempt(Inspection& inspection, Attempt& attempt) const {
  const Subject& subject = inspection.subject();
  uint64_t start = relative ? std::max(attempt.cursor, subject.base) : subject.base;
  if (start > subject.end()) return Outcome::fail;
  Bytes bytes = subject.data.subspan(start - subject.base);
  size_t from = attempt.resume > start ? attempt.resume - start : 0;
  inspection.counters().bytes_searched += bytes.size() - std::min(from, bytes.size());
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
  attempt.rests_on(start + match.start, attempt.cursor);
  attempt.resume = start + match.start + 1;
  return Outcome::match;
}

std::string PcreStep::describe(VariableNames) const {
  std::string flags;
  for (auto [set, letter] : {std::pair(options.caseless, 'i'),
                             {options.dotall, 's'},
                             {options.multiline, 'm'},
                             {options.extended, 'x'},
                             {options.anchored, 'A'},
                             {options.dollar_endonly, 'E'},
                             {options.ungreedy, 'G'},
                             {options.no_limits, 'O'},
                             {relative, 'R'}}) {
    if (set) flags += letter;
  }
  Sentence out;
  out.add(std::string("pcre ") + (negated ? "!" : "") + "/" + expression + "/" + flags);
  for (const Target& target : targets) {
    const char* kind = target.kind == Capture::Kind::flow     ? "flow:"
                       : target.kind == Capture::Kind::packet ? "pkt:"
                                                              : "alert:";
    out.add("group " + std::to_string(target.group) + " into " + kind + name_of(NameKind::variable, target.name));
  }
  return out.text();
}

}  // namespace lapwing::rules
