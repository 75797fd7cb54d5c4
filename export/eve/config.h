// What an eve-log section says, as read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "export/recorder.h"

namespace lapwing {

/// Options of records, keys below "outputs.eve-log".
struct EveOptions {
  bool community_id = true, ethernet = false, pcap_file = false, metadata = true;
  uint64_t community_id_seed = 0;
  std::string sensor;
  bool alert_payload = false, alert_payload_printable = false, alert_payload_length = false, alert_packet = false;
  bool alert_flow = true, alert_app_layer = true, alert_rule_metadata = true, alert_rule_raw = false,
       alert_rule_reference = false, alert_verdict = false, alert_tagged_packets = true;
  uint64_t alert_payload_buffer_size = 0;
  bool anomaly_decode = false, anomaly_stream = false, anomaly_applayer = true;
  bool stats_totals = true;
  bool stats_null_values = true;
  uint64_t stats_interval = 8;
  bool stats_enabled = true;
};
std::span<const OptionRow<EveOptions>> eve_option_rows();

/// The record types that are there whatever is dissected.
inline constexpr std::string_view kCoreTypes[] = {"alert", "anomaly", "flow", "netflow", "packet", "stats"};
enum class CoreType : TopicId { alert, anomaly, flow, netflow, packet, stats };

class EveConfigImpl final : public EveConfig {
 public:
  std::span<const std::string_view> topics() const override { return topics_; }
  bool enabled(std::string_view type) const override;
  bool community_id() const override { return options.community_id; }
  uint16_t community_id_seed() const override { return static_cast<uint16_t>(options.community_id_seed); }
  uint64_t stats_interval() const override { return options.stats_interval; }

  bool enabled(TopicId topic) const { return enabled_[topic]; }
  bool enabled(CoreType type) const { return enabled_[static_cast<TopicId>(type)]; }
  /// TopicId of a dissector's record type; topics_.size() when unknown.
  TopicId find(std::string_view type) const;

  EveOptions options;
  std::vector<std::string_view> topics_;
  std::vector<bool> enabled_;
};

}  // namespace lapwing
