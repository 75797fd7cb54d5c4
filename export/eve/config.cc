#include "export/eve/config.h"

#include <algorithm>

namespace lapwing {
namespace {

using O = EveOptions;
constexpr OptionRow<EveOptions> kRows[] = {
    {"outputs.eve-log.community-id", &O::community_id, "yes", "write community_id, the flow hash that other tools compute too"},
    {"outputs.eve-log.community-id-seed", &O::community_id_seed, "0", "seed of community_id, 0 to 65535, the same in all tools"},
    {"outputs.eve-log.ethernet", &O::ethernet, "no", "write the ether object with MAC addresses"},
    {"outputs.eve-log.pcap-file", &O::pcap_file, "no", "write pcap_filename, the capture a record comes from"},
    {"outputs.eve-log.metadata", &O::metadata, "yes", "write the metadata object with flow bits"},
    {"sensor-name", &O::sensor, "", "name of this sensor: member host of records and in every published message"},
    {"outputs.eve-log.types.alert.payload", &O::alert_payload, "no", "the inspected bytes in base64"},
    {"outputs.eve-log.types.alert.payload-printable", &O::alert_payload_printable, "no", "the inspected bytes as printable text"},
    {"outputs.eve-log.types.alert.payload-length", &O::alert_payload_length, "no", "how many bytes were inspected"},
    {"outputs.eve-log.types.alert.payload-buffer-size", &O::alert_payload_buffer_size, "4kb", "at most so many bytes of payload in an alert", Unit::bytes},
    {"outputs.eve-log.types.alert.packet", &O::alert_packet, "no", "the frame in base64"},
    {"outputs.eve-log.types.alert.metadata.flow", &O::alert_flow, "yes", "the flow object of the alert's flow"},
    {"outputs.eve-log.types.alert.metadata.app-layer", &O::alert_app_layer, "yes", "the object of the alert's transaction"},
    {"outputs.eve-log.types.alert.metadata.rule.metadata", &O::alert_rule_metadata, "yes", "the rule's metadata"},
    {"outputs.eve-log.types.alert.metadata.rule.raw", &O::alert_rule_raw, "no", "the text of the rule"},
    {"outputs.eve-log.types.alert.metadata.rule.reference", &O::alert_rule_reference, "no", "the rule's references as URLs"},
    {"outputs.eve-log.types.alert.verdict", &O::alert_verdict, "no", "the verdict object"},
    {"outputs.eve-log.types.alert.tagged-packets", &O::alert_tagged_packets, "yes", "packet records of tagged flows"},
    {"outputs.eve-log.types.anomaly.types.decode", &O::anomaly_decode, "no", "anomalies of packets"},
    {"outputs.eve-log.types.anomaly.types.stream", &O::anomaly_stream, "no", "anomalies of TCP connections"},
    {"outputs.eve-log.types.anomaly.types.applayer", &O::anomaly_applayer, "yes", "anomalies of protocols"},
    {"outputs.eve-log.types.stats.totals", &O::stats_totals, "yes", "counters of all workers together"},
    {"outputs.eve-log.types.stats.null-values", &O::stats_null_values, "yes", "counters that are 0 too"},
    {"stats.enabled", &O::stats_enabled, "yes", "write stats records"},
    {"stats.interval", &O::stats_interval, "8", "time between stats records of a live run", Unit::seconds},
};

/// Record types of Suricata for which there is no dissector yet: a suricata.yaml may name them.
constexpr std::string_view kForeignTypes[] = {
    "http", "dns", "mdns", "tls", "drop", "smtp", "ftp", "ftp_data", "rdp", "nfs", "smb", "tftp", "ike", "dcerpc", "krb5", "bittorrent-dht",
    "snmp", "rfb", "sip", "quic", "ldap", "pop3", "arp", "dhcp", "ssh", "mqtt", "http2", "doh2", "pgsql", "websocket", "enip", "dnp3", "modbus",
    "template", "metadata", "frame", "files", "ntp", "igmp", "llmnr"};

/// Off unless asked for: they repeat what flow and alert records say, or are written by rules only.
constexpr std::string_view kOffByDefault[] = {"netflow"};

/// Suricata's section for fileinfo records is called files.
std::string_view record_type(std::string_view section) { return section == "files" ? "fileinfo" : section; }

}  // namespace

std::span<const OptionRow<EveOptions>> eve_option_rows() { return kRows; }
std::vector<OptionInfo> eve_options() { return describe_options(eve_option_rows()); }

bool EveConfigImpl::enabled(std::string_view type) const {
  TopicId topic = find(type);
  return topic < topics_.size() && enabled_[topic];
}

TopicId EveConfigImpl::find(std::string_view type) const {
  return static_cast<TopicId>(std::ranges::find(topics_, type) - topics_.begin());
}

std::shared_ptr<const EveConfig> EveConfig::read(const Setting& root, std::span<const std::string> only,
                                                 std::span<const Protocol* const> protocols) {
  auto config = std::make_shared<EveConfigImpl>();
  config->options = read_options<EveOptions>(root, eve_option_rows());
  auto& topics = config->topics_;
  topics.assign(std::begin(kCoreTypes), std::end(kCoreTypes));
  for (const Protocol* protocol : protocols) {
    for (const RecordRow& row : protocol->records) {
      if (std::ranges::find(topics, row.type) == topics.end()) topics.push_back(row.type);
    }
  }
  const Setting* types = root.find("outputs.eve-log.types");
  config->enabled_.assign(topics.size(), types == nullptr && only.empty());
  auto switch_type = [&](std::string_view type, bool on) {
    TopicId topic = config->find(type);
    if (topic == topics.size()) return false;
    config->enabled_[topic] = on;
    return true;
  };
  if (!only.empty()) {
    for (const std::string& type : only) {
      if (switch_type(type, true)) continue;
      std::string list;
      for (std::string_view known : topics) list += (list.empty() ? "" : ", ") + std::string(known);
      throw SettingError({.file = "--records"}, "'" + type + "' is no record type; there are " + list);
    }
  } else if (types) {
    for (const auto& entry : types->children) {
      // "- alert" or "- alert: {options}".
      const Setting* options = entry->kind == Setting::Kind::map && !entry->children.empty() ? entry->children[0].get() : nullptr;
      const std::string& section = options ? options->key : entry->as_text();
      const Setting* enabled = options ? types->find(section + ".enabled") : nullptr;
      bool on = !enabled || enabled->as_bool();
      if (switch_type(record_type(section), on)) continue;
      if (std::ranges::find(kForeignTypes, section) == std::end(kForeignTypes)) entry->fail("'" + section + "' is no record type");
    }
    // Packets are recorded where a rule tags them; that is the alert section's switch.
    switch_type("packet", config->options.alert_tagged_packets && config->enabled("alert"));
  } else {
    for (std::string_view type : kOffByDefault) switch_type(type, false);
  }
  if (!config->options.stats_enabled && only.empty()) switch_type("stats", false);
  return config;
}

}  // namespace lapwing
