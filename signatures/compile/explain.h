// What a rule compiled to, in words [cold].
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/program/rule_set.h"

namespace lapwing::rules {
struct Group;
}

namespace lapwing {

/// What makes the engine look at a rule, from seldom to always: what a rule costs depends on it more than on anything
/// else.
enum class RuleCost : uint8_t {
  event,         // an event of the decoder, a stream or a protocol
  header,        // the first packet of a direction of a flow, found by its address
  pattern,       // a distinctive literal in its buffer
  weak_pattern,  // a literal of few bytes, or an expression
  always,        // everything of its group
};
std::string_view name_of(RuleCost cost);

/// What a rule is found by.
struct ExplainedPattern {
  std::string buffer, text, why;
  bool expression = false, nocase = false, asked_for = false;
  size_t length = 0;      // bytes that are looked for
  int rarity_class = 0;   // of the buffer: the lowest of a rule is preferred
  uint32_t strength = 0;  // new bytes count more than repeated ones, binary more than letters
  size_t choices = 0;     // contents it was chosen from
  uint64_t head = 0;      // it is sought in so many bytes of the buffer only; 0: in all of them
};

/// One compiled rule; a rule with <> is two of them.
struct RuleExplanation {
  const RuleInfo* info = nullptr;  // lives as long as the rule set
  std::string action, kind, looked_at;
  std::vector<std::string> header;      // one requirement each
  std::vector<std::string> conditions;  // on packet, flow, integer fields and files, in the order they are asked
  struct Part {
    std::string buffer;
    std::vector<std::string> transforms;
    std::string absence;             // what a missing value means, or empty
    std::vector<std::string> steps;  // in order
  };
  std::vector<Part> buffers;
  std::vector<std::string> late;  // conditions over state that flows share, asked last
  std::optional<ExplainedPattern> pattern;
  struct Place {
    std::string group;
    size_t rules = 0;     // in it
    size_t always = 0;    // of them looked at whatever the bytes
    size_t patterns = 0;  // of its prefilter
    size_t sharing = 0;   // rules that the same pattern finds, this one included
  };
  std::vector<Place> places;
  std::string found_by;  // in place of a group: how a rule outside them is found
  RuleCost cost = RuleCost::always;
  std::string cost_reason;
  std::vector<std::string> effects;
};

/// The rules of that number, in every group of numbers (gid).
std::vector<RuleExplanation> explain_rule(const RuleSet& rules, uint32_t sid);
/// What a group of the rules is called there; for a Tracer.
std::string name_of_group(const RuleSet& rules, const rules::Group& group);
/// Indented lines; one JSON object, appended to `out`.
std::string to_text(const RuleExplanation& rule);
void write_json(const RuleExplanation& rule, std::string& out);

}  // namespace lapwing
