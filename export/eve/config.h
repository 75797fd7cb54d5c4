// EveConfigImpl: what the eve-log part of the configuration asks for, as plain members [S].
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "export/eve/forwarded.h"
#include "export/eve/recorder.h"
#include "sensor/event/event.h"

namespace lapwing {

/// Options of every record: members of the eve-log node.
struct EveCommonOptions {
  bool metadata = true;  // flow bits
  bool ethernet = false;
  bool pcap_file = false;
  bool community_id = true;
  uint64_t community_id_seed = 0;
  bool suricata_version = false;
  bool operator==(const EveCommonOptions&) const = default;
};

struct EveAlertOptions {
  bool payload = false, payload_printable = false, payload_length = false;
  uint64_t payload_buffer_size = 0;  // bytes of reassembled payload shown
  bool packet = false;
  bool tagged_packets = false;
  bool verdict = false;
  bool flow = false, app_layer = false;
  bool rule_metadata = false, rule_raw = false, rule_reference = false;
  bool operator==(const EveAlertOptions&) const = default;
};

struct EveAnomalyOptions {
  bool decode = false, stream = false, applayer = false;
  bool packethdr = false;
  bool operator==(const EveAnomalyOptions&) const = default;
};

struct EveFrameOptions {
  bool payload = false, payload_printable = false;
  uint64_t payload_buffer_size = 0;  // bytes of a frame shown
  bool operator==(const EveFrameOptions&) const = default;
};

struct EveFlowOptions {
  bool exception_policy = false;
  bool operator==(const EveFlowOptions&) const = default;
};

struct EveStatsOptions {
  bool deltas = false;
  bool null_values = true;
  bool operator==(const EveStatsOptions&) const = default;
};

struct EveOptions {
  EveCommonOptions common;
  EveAlertOptions alert;
  EveAnomalyOptions anomaly;
  EveFrameOptions frame;
  EveFlowOptions flow;
  EveStatsOptions stats;
  EveForwardedOptions forwarded;
  std::string sensor_name;
};

/// The record types that export writes itself, in this order the first TopicIds; those of the dissectors follow.
enum OwnRecordType : RecordType {
  kTopicAlert,
  kTopicAnomaly,
  kTopicFlow,
  kTopicNetflow,
  kTopicPacket,
  kTopicStats,
  kTopicEngine,
  kTopicFrame,
  kTopicLoss,
  kTopicMetadata,
  kOwnTopics
};
struct OwnRecord {
  std::string_view type, help;
};
std::span<const OwnRecord, kOwnTopics> own_records();

class EveConfigImpl final : public EveConfig {
 public:
  EveConfigImpl(const Setting& root, std::span<const std::string> only, std::span<const Protocol* const> protocols);

  std::span<const std::string_view> topics() const override { return topics_; }
  bool enabled(std::string_view type) const override;
  std::vector<bool> selection(const Setting& section) const override;
  bool community_id() const override { return options_.common.community_id; }
  uint16_t community_id_seed() const override { return static_cast<uint16_t>(options_.common.community_id_seed); }
  bool wants_ethernet() const override { return options_.common.ethernet; }
  std::string_view forwarded_header() const override {
    return options_.forwarded.enabled ? std::string_view(options_.forwarded.header) : std::string_view();
  }
  uint64_t stats_interval() const override { return stats_interval_; }

  const EveOptions& options() const { return options_; }
  bool enabled(RecordType topic) const { return enabled_[topic]; }
  /// Topic of a record type; topics().size() when there is none of that name.
  RecordType find(std::string_view type) const;

 private:
  using Selection = std::vector<bool>;  // by RecordType

  void read_section(const Setting& node);
  void read_types(const Setting& node, Selection& selection);
  void read_type(const std::string& name, const Setting& item, const Setting* options, Selection& selection);
  EveAlertOptions read_alert(const Setting& node);
  /// Options of a section that hold for all: a later section must not give others.
  template <class T>
  void share(const Setting& node, const T& own, T& shared);
  bool set(std::string_view type, bool on, Selection& selection) const;
  std::string list() const;

  EveOptions options_;
  std::vector<std::string_view> topics_;
  Selection enabled_;
  std::vector<std::pair<const Setting*, Selection>> sections_;  // the node only names its section
  std::vector<const void*> given_;                              // members of options_ that a section gave
  uint64_t stats_interval_ = 0;
};

}  // namespace lapwing
