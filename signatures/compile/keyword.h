// The contract of a rule keyword: one row of its family's table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "signatures/parse/rule_tree.h"

namespace lapwing::rules {

class RuleBuilder;

/// [S] `build` reads the option's text and adds what it compiles to — a Step of the payload chain, a Condition on the
/// packet or flow, an Effect, or a property of the rule — to the rule. It throws SettingError at the text at fault,
/// or RuleSkipped for a legal form that is not there yet. The objects it adds carry the inspection.
struct Keyword {
  std::string_view name;
  std::string_view alias = {};  // older spelling
  void (*build)(RuleBuilder& rule, const RuleOption& option) = nullptr;
  std::string_view help = {};
};

struct KeywordFamily {
  std::string_view name;
  std::span<const Keyword> rows;
};

/// THE list of keywords (keywords/table.cc), by family.
std::span<const KeywordFamily> keyword_families();
/// The row of a name or alias, or null.
const Keyword* find_keyword(std::string_view name);
/// True for a word of Suricata's language, whether or not Lapwing has it: such a rule is skipped, not at fault.
bool is_known_word(std::string_view name);
/// Why a word of the language can never be had here; empty for all others.
std::string_view why_never(std::string_view name);
/// True for a protocol that Suricata's rules may name.
bool is_known_protocol(std::string_view name);

}  // namespace lapwing::rules
