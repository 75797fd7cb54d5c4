// How far a transaction has come.
#include <algorithm>

#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

/// The rule is looked at once in each transaction and direction, when the first of the states is reached.
void wait_for(RuleBuilder& rule, size_t protocol, const ProgressState& state, uint8_t stage) {
  auto& states = rule.rule().states;
  states.resize(rule.buffers().protocol_count());
  uint8_t& first = states[protocol][index(state.direction)];
  first = first == 0 ? stage : std::min(first, stage);
}

std::string names_of(const std::vector<ProgressState>& states) {
  std::string out;
  for (const ProgressState& state : states) out += (out.empty() ? "" : ", ") + std::string(state.name);
  return out;
}

/// "[>]name"
void app_layer_state(RuleBuilder& rule, const RuleOption& option) {
  std::string name = rule.text(option);
  if (name.starts_with('<')) rule.fail(option, "every transaction begins before any state; write [>]<state>");
  const bool later = name.starts_with('>');
  if (later) name.erase(0, 1);
  const uint64_t protocols = rule.rule().header.protocols;
  std::string known;
  for (size_t p = 0; p < rule.buffers().protocol_count(); p++) {
    if (!(protocols >> p & 1)) continue;
    const auto states = progress_states(*rule.environment().protocols[p]);
    known += names_of(states);
    auto found = std::ranges::find(states, name, &ProgressState::name);
    if (found == states.end()) continue;
    if (later && found->stage == kComplete) rule.fail(option, "no state comes after " + name);
    const auto next = static_cast<uint8_t>(found->stage + 1);
    wait_for(rule, p, *found, later ? next : found->stage);
  }
  if (protocols == 0) rule.fail(option, "needs a rule of one protocol, as in 'alert http ...'");
  if (rule.rule().states.empty()) rule.fail(option, "'" + name + "' is none of " + known);
}

/// "client_hello|server_hello"
void ssl_state(RuleBuilder& rule, const RuleOption& option) {
  const uint64_t tls = rule.buffers().protocols_named("tls");
  if (tls == 0) rule.skip(option, "no dissector of TLS");
  const auto protocol = static_cast<size_t>(__builtin_ctzll(tls));
  const auto states = progress_states(*rule.environment().protocols[protocol]);
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"client_hello", "client_hello_done"},
                                                                      {"server_hello", "server_hello_done"},
                                                                      {"client_keyx", "client_key_exchange_done"},
                                                                      {"server_keyx", "server_key_exchange_done"}};
  std::string value = rule.text(option);
  std::replace(value.begin(), value.end(), ',', '|');
  for (const std::string& word : parts(value, '|')) {
    auto found = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return n.first == word; });
    if (found == std::end(kNames)) {
      rule.fail(option, "'" + word + "' is none of client_hello, server_hello, client_keyx, server_keyx");
    }
    auto state = std::ranges::find(states, found->second, &ProgressState::name);
    if (state != states.end()) wait_for(rule, protocol, *state, state->stage);
  }
  rule.restrict_protocol(option, tls);
}

constexpr Keyword kRows[] = {
    {"app-layer-state", "", &app_layer_state, "the transaction has come to this state, or with > further"},
    {"ssl_state", "", &ssl_state, "one of these messages of the handshake was seen"},
};

}  // namespace

const KeywordFamily kProgressFamily{"progress", kRows};

}  // namespace lapwing::rules
