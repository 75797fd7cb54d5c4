// How far a transaction has come.
#include <algorithm>

#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

std::string names_of(const std::vector<ProgressState>& states) {
  std::string out;
  for (const ProgressState& state : states) out += (out.empty() ? "" : ", ") + std::string(state.name);
  return out;
}

/// "[>]name"
void app_layer_state(RuleBuilder& rule, const RuleOption& option) {
  std::string name(rule.text(option));
  if (name.starts_with('<')) rule.fail(option, "every transaction begins before any state; write [>]<state>");
  const bool later = name.starts_with('>');
  if (later) name.erase(0, 1);
  const ProtocolSet& protocols = rule.rule().header.protocols;
  std::string known;
  for (size_t p : protocols) {
    const auto states = progress_states(*rule.environment().protocols[p]);
    known += names_of(states);
    auto found = std::ranges::find(states, name, &ProgressState::name);
    if (found == states.end()) continue;
    if (later && found->stage == kComplete) rule.fail(option, "no state comes after " + name);
    const auto next = static_cast<uint8_t>(found->stage + 1);
    rule.reach(p, found->direction, later ? next : found->stage);
  }
  if (protocols.empty()) rule.fail(option, "needs a rule of one protocol, as in 'alert <protocol> ...'");
  if (rule.rule().states.empty()) rule.fail(option, "'" + name + "' is none of " + known);
}

constexpr Keyword kProgressKeywords[] = {
    {"app-layer-state", "", &app_layer_state, "the transaction has come to this state, or with > further"},
};

}  // namespace

const KeywordFamily kProgressFamily{"progress", kProgressKeywords};

}  // namespace lapwing::rules
