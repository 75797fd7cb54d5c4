// What the rule engine counts.
#pragma once

#include <cstdint>
#include <span>

#include "sensor/base/counters.h"

namespace lapwing {

/// [W] Counters of the rule engine ("detect.alert", "detect.alert_queue_overflow", "detect.alerts_suppressed", and one
/// for each cap and each Hyperscan or PCRE2 refusal).
struct MatchCounters {
  uint64_t alert = 0, alert_queue_overflow = 0, alerts_suppressed = 0;
  uint64_t candidates = 0, rules_matched = 0;  // rules evaluated, rules that matched
  uint64_t inspection_recursion_limit = 0;     // evaluations given up
  uint64_t pcre_match_limit = 0, pcre_recursion_limit = 0, pcre_error = 0;
  uint64_t hyperscan_error = 0;                                // scans refused: bytes went without prefilter
  uint64_t stream_window_memcap = 0, stream_window_bytes = 0;  // bytes refused to raw stream inspection; bytes held
  uint64_t stream_found_max = 0;                               // raw content of rules over fields that is not kept
  uint64_t stream_owed_max = 0;                                // cells not looked at again once the protocol was known
  uint64_t shared_entries_full = 0;                            // thresholds or bits forgotten: too many at once
  uint64_t field_bytes_max = 0;                                // fields with more values than are looked at
  uint64_t dataset_memcap = 0;                                 // values that a full set did not take
  uint64_t tags_max = 0;               // tags left out of a flow or host; hosts whose tags were forgotten
  uint64_t tag_starts_max = 0;         // matches that did not start a tag's count anew
  uint64_t variables_max = 0;          // captured variables that found no room
  uint64_t variable_bytes_max = 0;     // captured variables that were cut
  uint64_t decoded_bytes_max = 0;      // texts of which base64_decode did not decode all
  uint64_t seen_events_max = 0;        // transactions whose event rules were forgotten
  uint64_t waiting_alerts_max = 0;     // alerts told at once: too many waited
  uint64_t live_transactions_max = 0;  // transactions that no alert guesses: too many bytes wait
  uint64_t alerts_turned = 0;          // alerts dropped: client and server changed places
  uint64_t bytes_searched = 0;         // for patterns, and by expressions
  uint64_t work_budget = 0;            // looks at transactions and frames not taken
};
std::span<const CounterRow<MatchCounters>> match_counter_rows();

}  // namespace lapwing
