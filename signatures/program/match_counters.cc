#include "signatures/program/match_counters.h"

namespace lapwing {

std::span<const CounterRow<MatchCounters>> match_counter_rows() {
  using C = MatchCounters;
  static const CounterRow<C> kRows[] = {
      {"detect.alert", &C::alert, "alerts delivered"},
      {"detect.alert_queue_overflow", &C::alert_queue_overflow, "alerts dropped beyond packet-alert-max",
       CounterKind::loss},
      {"detect.alerts_suppressed", &C::alerts_suppressed, "alerts that thresholds or suppressions held back"},
      {"detect.candidates", &C::candidates, "rules evaluated"},
      {"detect.rules_matched", &C::rules_matched, "evaluated rules that matched"},
      {"detect.inspection_recursion_limit", &C::inspection_recursion_limit,
       "evaluations given up at detect.inspection-recursion-limit", CounterKind::loss},
      {"detect.pcre_match_limit", &C::pcre_match_limit, "expressions given up at pcre.match-limit", CounterKind::loss},
      {"detect.pcre_recursion_limit", &C::pcre_recursion_limit, "expressions given up at pcre.match-limit-recursion",
       CounterKind::loss},
      {"detect.pcre_error", &C::pcre_error, "expressions PCRE2 failed on", CounterKind::loss},
      {"detect.hyperscan_error", &C::hyperscan_error, "buffers Hyperscan refused to scan", CounterKind::loss},
      {"detect.stream_window_memcap", &C::stream_window_memcap,
       "stream bytes not inspected, or not shown by alerts behind a gap, for want of window memory", CounterKind::loss},
      {"detect.stream_window_bytes", &C::stream_window_bytes, "memory that stream windows hold now",
       CounterKind::gauge},
      {"detect.stream_found_max", &C::stream_found_max,
       "rules over fields of a message that will not know what they found in its stream: too many found something",
       CounterKind::loss},
      {"detect.stream_owed_max", &C::stream_owed_max,
       "parts of streams that rules of a protocol will not see: it took too long to be known, or bytes behind are "
       "missing",
       CounterKind::loss},
      {"detect.shared_entries_full", &C::shared_entries_full, "thresholds or bits forgotten to make room for others",
       CounterKind::loss},
      {"detect.field_bytes_max", &C::field_bytes_max, "fields with more bytes of values than rules look at",
       CounterKind::loss},
      {"detect.dataset_memcap", &C::dataset_memcap, "values that found no room in their set", CounterKind::loss},
      {"detect.tags_max", &C::tags_max,
       "tags left out of a flow or host, and hosts whose tags were forgotten: too many at once"},
      {"detect.tag_starts_max", &C::tag_starts_max, "matches that did not start a tag's count anew: ten had before"},
      {"detect.variables_max", &C::variables_max, "captured variables that found no room"},
      {"detect.variable_bytes_max", &C::variable_bytes_max, "captured variables that were cut after 64 kB"},
      {"detect.decoded_bytes_max", &C::decoded_bytes_max,
       "texts of which base64_decode gave the first 64 kB to rules, and no more", CounterKind::loss},
      {"detect.live_transactions_max", &C::live_transactions_max,
       "transactions that detect.guess-applayer-tx does not name: too many bytes wait to be told", CounterKind::loss},
      {"detect.bytes_searched", &C::bytes_searched,
       "bytes searched for patterns, and by expressions, as often as they were"},
      {"detect.work_budget", &C::work_budget,
       "looks at transactions, frames and crowded parts of streams not taken: their flow had cost what "
       "flow.budget.work-times and -base allow",
       CounterKind::loss},
      {"detect.waiting_alerts_max", &C::waiting_alerts_max,
       "alerts told before the next packet of their direction, and so perhaps without the answer: too many waited"},
      {"detect.alerts_turned", &C::alerts_turned,
       "alerts dropped while they waited, since client and server changed places: rules look anew"},
      {"detect.seen_events_max", &C::seen_events_max, "transactions whose events may alert again: too many at once"},
  };
  return kRows;
}

}  // namespace lapwing
