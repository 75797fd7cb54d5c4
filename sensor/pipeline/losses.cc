#include "sensor/pipeline/losses.h"

#include <algorithm>
#include <utility>

namespace lapwing {
namespace {

constexpr std::string_view kPaths[] = {
    // the wire, the card, the kernel's ring
    "capture.kernel_drops",
    "capture.kernel_ifdrops",
    "capture.unread",
    "capture.truncated",
    "capture.errors",
    "capture.silences",
    // what could not be read or followed
    "capture.unknown_blocks",
    "decoder.unknown_link_type",
    "decoder.unread_ethertype",
    "decoder.encrypted_link",
    "decoder.ieee80211_fragments",
    "decoder.ieee80211_aggregates",
    "decoder.ieee80211_bad_fcs",
    "decoder.invalid",
    "decoder.too_many_layers",
    "decoder.max_tunnel",
    "decoder.max_vlan",
    "defrag.max_trackers_reached",
    "defrag.max_frags_reached",
    "defrag.memcap_drop",
    "defrag.source_share",
    "flow.memcap",
    "flow.out_of_memory",
    "flow.max_stations",
    "tcp.ssn_memcap_drop",
    "tcp.segment_memcap_drop",
    "tcp.insert_data_normal_fail",
    "tcp.insert_region_fail",
    "tcp.reassembly_gap",
    "app_layer.parser_errors",
    "app_layer.buffer_limit",
    "app_layer.max_tx",
    "app_layer.max_changes",
    "app_layer.work_budget",
    "app_layer.memcap",
    "app_layer.open_frames_max",
    "ndpi.max_flows",
    "ndpi.shed_above",
    // what rules did not see, or found and did not tell
    "detect.hyperscan_error",
    "detect.stream_window_memcap",
    "detect.stream_candidates_max",
    "detect.stream_owed_max",
    "detect.work_budget",
    "detect.inspection_recursion_limit",
    "detect.pcre_match_limit",
    "detect.pcre_recursion_limit",
    "detect.pcre_error",
    "detect.field_bytes_max",
    "detect.shared_entries_full",
    "detect.dataset_memcap",
    "detect.alert_queue_overflow",
    // records and files on their way out
    "records.over_budget",
    "records.truncated",
    "publisher.queue_full_drops",
    "publisher.queue_bytes_drops",
    "publisher.out_of_memory",
    "outputs.*.dropped.*",
    "outputs.*.stalled",
    "file_store.open_files_max_hit",
    "file_store.fs_errors",
    "file_store.pieces_lost",
    "file_store.max_size_hit",
    "file_store.max_files_hit",
    "file_store.max_growing_hit",
};

/// Takes the first part from a path.
std::string_view first_part(std::string_view& path) {
  const std::string_view part = path.substr(0, path.find('.'));
  path.remove_prefix(std::min(part.size() + 1, path.size()));
  return part;
}

bool matches(std::string_view path, std::string_view pattern) {
  while (!path.empty() && !pattern.empty()) {
    const std::string_view part = first_part(path), wanted = first_part(pattern);
    if (wanted != "*" && wanted != part) return false;
  }
  return path.empty() && pattern.empty();
}

}  // namespace

std::span<const std::string_view> loss_paths() {
  return kPaths;
}

CounterSet losses_of(const CounterSet& counters) {
  CounterSet out;
  for (std::string_view pattern : kPaths) {
    for (const CounterValue& counter : counters.values()) {
      if (counter.value > 0 && matches(counter.path, pattern)) out.add(counter.path, counter.value, counter.help);
    }
  }
  return out;
}

CounterSet LossWatch::since_last(const CounterSet& counters) {
  CounterSet out;
  const CounterSet losses = losses_of(counters);
  for (const CounterValue& loss : losses.values()) {
    const uint64_t before = std::exchange(last_[loss.path], loss.value);
    if (loss.value > before) out.add(loss.path, loss.value - before, loss.help);
  }
  return out;
}

}  // namespace lapwing
