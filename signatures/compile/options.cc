#include "signatures/rule_set.h"

namespace lapwing {

std::span<const OptionRow<DetectConfig>> detect_options() {
  static const OptionRow<DetectConfig> kRows[] = {
      {"packet-alert-max", &DetectConfig::packet_alert_max, "15", "alerts of one packet that are delivered at most"},
      {"detect.inspection-recursion-limit", &DetectConfig::inspection_recursion_limit, "3000",
       "steps that the evaluation of one rule on one buffer may take"},
      {"detect.sgh-mpm-caching", &DetectConfig::caching, "true", "keep compiled pattern databases on disk"},
      {"detect.sgh-mpm-caching-path", &DetectConfig::caching_path, "",
       "folder for them; without it the user's or the service's cache folder"},
      {"pcre.match-limit", &DetectConfig::pcre_match_limit, "3500",
       "PCRE2's limit on internal matches of an expression"},
      {"pcre.match-limit-recursion", &DetectConfig::pcre_recursion_limit, "1500", "PCRE2's limit on their depth"},
  };
  return kRows;
}

}  // namespace lapwing
