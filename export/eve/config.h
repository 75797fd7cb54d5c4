// EveConfig: what the eve-log part of the configuration asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "export/eve/forwarded.h"
#include "export/record/record.h"
#include "sensor/base/options.h"
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
};

/// A buffer that an option gives so many bytes shows one fewer: Suricata's ends with a NUL.
inline uint64_t shown_of_payload(uint64_t buffer_size) {
  return buffer_size > 0 ? buffer_size - 1 : 0;
}

struct EveAlertOptions {
  bool payload = false, payload_printable = false, payload_length = false;
  uint64_t payload_buffer_size = 0;  // bytes of reassembled payload shown
  bool packet = false;
  bool tagged_packets = false;
  bool verdict = false;
  bool flow = false, app_layer = false;
  bool rule_metadata = false, rule_raw = false, rule_reference = false;
};

struct EveAnomalyOptions {
  bool decode = false, stream = false, applayer = false;
  bool packethdr = false;
};

struct EveFrameOptions {
  bool payload = false, payload_printable = false;
  uint64_t payload_buffer_size = 0;  // bytes of a frame shown
};

struct EveFlowOptions {
  bool exception_policy = false;
};

struct EveStatsOptions {
  bool deltas = false;
  bool null_values = true;
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
  kTopicBehaviour,
  kTopicIncident,
  kTopicAsset,
  kOwnTopics
};
struct OwnRecord {
  std::string_view type, help;
};
std::span<const OwnRecord, kOwnTopics> own_records();

/// A record type that a section names; options: null where it has none.
struct EveType {
  std::string_view name;
  const Setting* item = nullptr;
  const Setting* options = nullptr;
};

/// Those sections of a configuration that are on; the others are taken for read.
std::vector<const Setting*> eve_sections(const Setting& root);
std::vector<EveType> eve_types(const Setting& section);
std::vector<OptionInfo> eve_options();

/// [S] Which record types are written and with what in them: "outputs[].eve-log" with Suricata's keys
/// (types and their options, community-id, ethernet, pcap-file, metadata, payload, packet, xff...). Each section
/// has types of its own; what the records of a type hold is the same for all.
class EveConfig {
 public:
  /// `only`: record types named on the command line; empty means those of the configuration. `protocols` gives the
  /// record types of the dissectors. Throws SettingError.
  EveConfig(const Setting& root, std::span<const std::string> only, std::span<const Protocol* const> protocols);
  static std::shared_ptr<const EveConfig> read(const Setting& root, std::span<const std::string> only,
                                               std::span<const Protocol* const> protocols);

  std::span<const std::string_view> topics() const { return topics_; }  // names by RecordType
  bool enabled(RecordType topic) const { return enabled_[topic]; }      // by any section
  bool enabled(std::string_view type) const;
  /// Topic of a record type; topics().size() when there is none of that name.
  RecordType find(std::string_view type) const;
  /// The types that this eve-log section of the same configuration wants, by RecordType; empty: all that are written.
  std::vector<bool> selection(const Setting& section) const;

  const EveOptions& options() const { return options_; }
  bool community_id() const { return options_.common.community_id; }
  uint16_t community_id_seed() const { return static_cast<uint16_t>(options_.common.community_id_seed); }
  bool wants_ethernet() const { return options_.common.ethernet; }
  /// That alerts take the client from; empty: none.
  std::string_view forwarded_header() const {
    return options_.forwarded.enabled ? std::string_view(options_.forwarded.header) : std::string_view();
  }
  uint64_t stats_interval() const { return stats_interval_; }  // seconds

 private:
  using Selection = std::vector<bool>;  // by RecordType

  void read_options_of(std::span<const Setting* const> sections);
  void read_section(const Setting& node);
  void read_type(const EveType& type, Selection& selection) const;
  bool set(std::string_view type, bool on, Selection& selection) const;
  std::string list() const;

  EveOptions options_;
  std::vector<std::string_view> topics_;
  Selection usual_;  // of a section that does not name its types
  Selection enabled_;
  std::vector<std::pair<const Setting*, Selection>> sections_;  // the node only names its section
  uint64_t stats_interval_ = 0;
};

}  // namespace lapwing
