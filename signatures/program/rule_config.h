// What the configuration says of rules as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lapwing {

/// [S] Keys "detect.*", "pcre.*", "packet-alert-max", with Suricata's names and meaning.
struct RuleConfig {
  uint64_t packet_alert_max = 0, inspection_recursion_limit = 0, pcre_match_limit = 0, pcre_recursion_limit = 0;
  std::vector<std::string> action_order;  // those not named come last, in the usual order
  bool guess_transactions = false;
  bool caching = false;
  std::string caching_path;  // empty: a folder of the user's or the service's caches
};

}  // namespace lapwing
