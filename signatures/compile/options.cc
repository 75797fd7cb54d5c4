#include <algorithm>

#include "signatures/compile/order.h"
#include "signatures/compile/rule_environment.h"

namespace lapwing {

std::span<const OptionRow<RuleConfig>> rule_options() {
  static const OptionRow<RuleConfig> kRows[] = {
      {"packet-alert-max", &RuleConfig::packet_alert_max, "15", "alerts of one packet that are delivered at most"},
      {"action-order", &RuleConfig::action_order, "pass, drop, reject, alert",
       "rules of which action decide first; a pass lets what comes before it alert, with the verdict pass"},
      {"detect.inspection-recursion-limit", &RuleConfig::inspection_recursion_limit, "3000",
       "steps that the evaluation of one rule on one buffer may take"},
      {"detect.guess-applayer-tx", &RuleConfig::guess_transactions, "no",
       "alerts whose rule names no transaction show the only live one of their flow, with tx_guessed"},
      {"detect.sgh-mpm-caching", &RuleConfig::caching, "true", "keep compiled pattern databases on disk"},
      {"detect.sgh-mpm-caching-path", &RuleConfig::caching_path, "",
       "folder for them; without it the user's or the service's cache folder"},
      {"pcre.match-limit", &RuleConfig::pcre_match_limit, "3500", "PCRE2's limit on internal matches of an expression"},
      {"pcre.match-limit-recursion", &RuleConfig::pcre_recursion_limit, "1500", "PCRE2's limit on their depth"},
  };
  return kRows;
}

RuleConfig read_rule_config(const Setting& root) {
  auto config = read_options<RuleConfig>(root, rule_options());
  if (config.packet_alert_max == 0) root.find("packet-alert-max")->fail("0 would drop every alert; write 1 or more");
  const auto& order = config.action_order;
  for (auto word = order.begin(); word != order.end(); ++word) {
    if (std::ranges::find(rules::kActionOrder, *word) == rules::kActionOrder.end()) {
      root.find("action-order")->fail("'" + *word + "' is none of pass, drop, reject, alert");
    }
    if (std::find(order.begin(), word, *word) != word)
      root.find("action-order")->fail("'" + *word + "' is named twice");
  }
  return config;
}

}  // namespace lapwing
