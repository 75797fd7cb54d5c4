#include "signatures/compile/threshold_lines.h"

#include <algorithm>

#include "signatures/parse/source_text.h"

namespace lapwing::rules {

std::optional<Threshold::Type> threshold_type(std::string_view word) {
  using Type = Threshold::Type;
  if (word == "limit") return Type::limit;
  if (word == "threshold") return Type::threshold;
  if (word == "both") return Type::both;
  if (word == "backoff") return Type::backoff;
  return std::nullopt;
}

std::optional<Threshold::Track> threshold_track(std::string_view word) {
  using Track = Threshold::Track;
  if (word == "by_src") return Track::by_src;
  if (word == "by_dst") return Track::by_dst;
  if (word == "by_both") return Track::by_both;
  if (word == "by_rule") return Track::by_rule;
  if (word == "by_flow") return Track::by_flow;
  return std::nullopt;
}

std::optional<Action> action_named(std::string_view word) {
  if (word == "alert") return Action::alert;
  if (word == "pass") return Action::pass;
  if (word == "drop") return Action::drop;
  if (word == "reject") return Action::reject;
  return std::nullopt;
}

namespace {

bool names(const ThresholdLine& line, const RuleInfo& info) {
  return (line.gid == 0 || line.gid == info.gid) && (line.sid == 0 || line.sid == info.sid);
}

void apply(const ThresholdLine& line, const RuleVariables& variables, Compiled& compiled) {
  using Kind = ThresholdLine::Kind;
  const bool either = line.kind == Kind::suppress && line.track == "by_either";
  auto track = either               ? std::optional(Threshold::Track::by_both)
               : line.track.empty() ? std::optional(Threshold::Track::by_rule)
                                    : threshold_track(line.track);
  if (!track)
    throw SettingError(line.mark, "track '" + line.track + "' is none of by_src, by_dst, by_both, by_rule, by_flow");
  const bool found =
      std::any_of(compiled.all.begin(), compiled.all.end(), [&](const auto& rule) { return names(line, *rule->info); });
  if (!found && line.sid != 0) {
    throw SettingError(line.mark, "no rule has sid " + std::to_string(line.sid) +
                                      (line.gid > 1 ? " and gid " + std::to_string(line.gid) : ""));
  }
  if (line.kind == Kind::suppress) {
    Suppression suppression{line.sid == 0 && line.gid == 0 ? 0 : line.gid, line.sid, *track, {}};
    if (line.address)
      suppression.addresses = resolve_addresses(*line.address, variables);
    else
      suppression.track = Threshold::Track::by_rule;
    compiled.suppressions.push_back(std::move(suppression));
    return;
  }
  Threshold threshold;
  threshold.track = *track;
  threshold.count = line.count;
  threshold.seconds = line.seconds;
  if (line.kind == Kind::rate_filter) {
    auto action = action_named(line.new_action);
    if (!action)
      throw SettingError(line.mark, "new_action '" + line.new_action + "' is none of alert, pass, drop, reject");
    threshold.type = Threshold::Type::rate_filter;
    threshold.new_action = *action;
    threshold.timeout = line.timeout;
  } else {
    auto type = threshold_type(line.type);
    if (!type) throw SettingError(line.mark, "type '" + line.type + "' is none of limit, threshold, both, backoff");
    threshold.type = *type;
  }
  if (threshold.count == 0) throw SettingError(line.mark, "count must be at least 1");
  for (auto& rule : compiled.all) {
    if (!names(line, *rule->info)) continue;
    // A line for all rules leaves those with their own threshold alone; a line for this rule replaces it.
    bool rate = threshold.type == Threshold::Type::rate_filter;
    bool has_own = std::any_of(rule->thresholds.begin(), rule->thresholds.end(),
                               [](const Threshold& t) { return t.type != Threshold::Type::rate_filter; });
    if (!rate && has_own && line.sid == 0) continue;
    if (!rate)
      std::erase_if(rule->thresholds, [](const Threshold& t) { return t.type != Threshold::Type::rate_filter; });
    rule->thresholds.push_back(threshold);
  }
}

}  // namespace

void apply_thresholds(const std::vector<ThresholdLine>& lines, const RuleVariables& variables, Compiled& compiled,
                      std::vector<RuleMessage>& messages) {
  for (const ThresholdLine& line : lines) {
    try {
      apply(line, variables, compiled);
    } catch (const SettingError& error) {
      messages.push_back({RuleMessage::Level::warning, error.where(), line.sid, {}, text_of(error)});
    }
  }
}

}  // namespace lapwing::rules
