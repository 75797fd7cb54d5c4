// Threshold file lines onto the rules they name.
#pragma once

#include "signatures/program/compiled.h"

namespace lapwing::rules {

/// Adds thresholds to rules and suppressions to the set; what a line gets wrong goes to `messages`.
void apply_thresholds(const std::vector<ThresholdLine>& lines, const RuleVariables& variables, Compiled& compiled,
                      std::vector<RuleMessage>& messages);

/// "limit", "by_src", ...: nothing for other words.
std::optional<Threshold::Type> threshold_type(std::string_view word);
std::optional<Threshold::Track> threshold_track(std::string_view word);
std::optional<Action> action_named(std::string_view word);

}  // namespace lapwing::rules
