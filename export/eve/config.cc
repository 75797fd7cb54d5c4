// The eve-log sections of the "outputs" list, in Suricata's keys.
#include "export/eve/config.h"

#include <algorithm>
#include <array>

namespace lapwing {
namespace {

using C = EveCommonOptions;
constexpr OptionRow<C> kCommonRows[] = {
    {"metadata", &C::metadata, "yes", "write the flow bits of a flow as the metadata object"},
    {"ethernet", &C::ethernet, "no", "write the Ethernet addresses as the ether object"},
    {"pcap-file", &C::pcap_file, "no", "write the name of the capture file as pcap_filename"},
    {"community-id", &C::community_id, "yes", "write community_id, which other tools compute alike"},
    {"community-id-seed", &C::community_id_seed, "0", "seed of community_id: 0 to 65535, the same on all sensors"},
    {"suricata-version", &C::suricata_version, "no", "write the sensor's version as suricata_version"},
};

using A = EveAlertOptions;
constexpr OptionRow<A> kAlertRows[] = {
    {"payload", &A::payload, "no", "write the inspected payload in base64"},
    {"payload-printable", &A::payload_printable, "no", "write the payload with unprintable bytes as dots"},
    {"payload-length", &A::payload_length, "no", "write the length of the payload"},
    {"payload-buffer-size", &A::payload_buffer_size, "4kb", "most bytes shown of reassembled payload", Unit::bytes},
    {"packet", &A::packet, "no", "write the frame in base64, with packet_info"},
    {"tagged-packets", &A::tagged_packets, "yes", "write packet records for rules with the tag keyword"},
    {"verdict", &A::verdict, "no", "write the final action as the verdict object"},
    {"metadata.flow", &A::flow, "yes", "write the flow's counters and direction as the flow object"},
    {"metadata.app-layer", &A::app_layer, "yes", "write the transaction that matched"},
    {"metadata.rule.metadata", &A::rule_metadata, "yes", "write the rule's metadata"},
    {"metadata.rule.raw", &A::rule_raw, "no", "write the text of the rule"},
    {"metadata.rule.reference", &A::rule_reference, "no", "write the rule's references"},
};

using N = EveAnomalyOptions;
constexpr OptionRow<N> kAnomalyOptions[] = {
    {"types.decode", &N::decode, "no", "write anomalies of packet headers"},
    {"types.stream", &N::stream, "no", "write anomalies of TCP streams"},
    {"types.applayer", &N::applayer, "yes", "write anomalies of application protocols"},
    {"packethdr", &N::packethdr, "no", "add the first 32 bytes of the frame to decode and stream anomalies"},
};

using W = EveFlowOptions;
constexpr OptionRow<W> kFlowRows[] = {
    {"exception-policy", &W::exception_policy, "no", "write exception policies that changed nothing (ignore) too"},
};

using S = EveStatsOptions;
constexpr OptionRow<S> kStatsRows[] = {
    {"deltas", &S::deltas, "no", "add the change since the last record as NAME_delta"},
    {"null-values", &S::null_values, "yes", "write counters whose value is 0"},
};

using X = EveForwardedOptions;
constexpr NamedValue kForwardedModes[] = {{"extra-data", false}, {"overwrite", true}};
constexpr NamedValue kDeployments[] = {{"reverse", false}, {"forward", true}};
constexpr OptionRow<X> kForwardedRows[] = {
    {"xff.enabled", &X::enabled, "no", "take the client behind proxies from a header of its request"},
    {"xff.mode", one_of<&X::overwrites>(kForwardedModes), "extra-data",
     "add the client as xff, or put it in the place of the proxy's address"},
    {"xff.deployment", one_of<&X::forward>(kDeployments), "reverse",
     "which address of the header is meant: the last, added by a reverse proxy, or the first"},
    {"xff.header", &X::header, "X-Forwarded-For", "the header"},
};

using F = EveFrameOptions;
constexpr OptionRow<F> kFrameRows[] = {
    {"payload", &F::payload, "yes", "bytes of the frame in base64, in alerts on frames too"},
    {"payload-printable", &F::payload_printable, "yes", "the same as text, other bytes as dots"},
    {"payload-buffer-size", &F::payload_buffer_size, "4kb", "bytes of a frame shown at most", Unit::bytes},
};

struct StatsTimer {
  bool enabled = true;
  uint64_t interval = 0;
};
constexpr OptionRow<StatsTimer> kTimerRows[] = {
    {"stats.enabled", &StatsTimer::enabled, "yes", "write stats records"},
    {"stats.interval", &StatsTimer::interval, "8", "time between stats records", Unit::seconds},
};

constexpr OwnRecord kOwnRecords[kOwnTopics] = {
    {"alert", "a rule matched"},
    {"anomaly", "traffic that breaks its protocol"},
    {"flow", "a flow ended"},
    {"netflow", "one direction of a flow that ended"},
    {"packet", "a packet of a tagged flow"},
    {"stats", "all counters"},
    {"engine", "the sensor took new rules, or refused them"},
    {"frame", "a message of a protocol as its bytes stand; off unless asked for"},
    {"loss", "something was not seen, not followed or not delivered since the last one"},
    {"metadata", "what rules captured of a packet on which none alerted; off unless asked for"},
    {"behaviour", "what a detector found in the behaviour of a host"},
    {"incident", "findings and alerts that belong together, by the host they are about"},
    {"asset", "what is known of a host of this network"},
};

/// Types a suricata.yaml may name that belong to protocols and features which a build may not have yet.
constexpr std::string_view kSuricataTypes[] = {"arp",      "bittorrent-dht",
                                               "dcerpc",   "dhcp",
                                               "dnp3",     "dns",
                                               "doh2",     "drop",
                                               "enip",     "files",
                                               "ftp",      "http",
                                               "http2",    "ike",
                                               "ikev2",    "igmp",
                                               "krb5",     "ldap",
                                               "llmnr",    "mdns",
                                               "modbus",   "mqtt",
                                               "nfs",      "ntp",
                                               "pgsql",    "pop3",
                                               "quic",     "rdp",
                                               "rfb",      "rgmp",
                                               "sctp",     "sip",
                                               "smb",      "smtp",
                                               "snmp",     "ssh",
                                               "stream",   "telnet",
                                               "template", "template-rust",
                                               "tftp",     "tls",
                                               "websocket"};

/// The event_type values that a type of the configuration stands for.
std::vector<std::string> event_types(std::string_view name) {
  if (name == "files") return {"fileinfo"};
  if (name == "ftp") return {"ftp", "ftp_data"};
  std::string type(name);
  std::replace(type.begin(), type.end(), '-', '_');
  return {type};
}

/// By one assignment of the command line, which is about this setting alone.
bool assigned(const Setting& node) {
  return node.mark.line == 0 && !node.mark.file.empty();
}

/// The options of a record type in all sections.
OptionSource options_of_type(std::span<const Setting* const> sections, std::string_view name) {
  OptionSource out;
  for (const Setting* section : sections) {
    for (const EveType& type : eve_types(*section)) {
      if (type.options && type.name == name) out.add(*type.options);
    }
  }
  return out;
}

/// "metadata: no" stands for all below it.
void read_metadata(const OptionSource& source, EveAlertOptions& alert) {
  const std::vector<const Setting*> found = source.find("metadata");
  const auto off = [](const Setting* node) { return node->kind == Setting::Kind::scalar && !node->as_bool(); };
  if (std::ranges::none_of(found, off)) return;
  for (const Setting* node : found) {
    if (off(node) != off(found.front())) fail_contradiction(*found.front(), *node);
  }
  alert.flow = alert.app_layer = alert.rule_metadata = alert.rule_raw = alert.rule_reference = false;
}

}  // namespace

std::vector<const Setting*> eve_sections(const Setting& root) {
  std::vector<const Setting*> out;
  const Setting* outputs = root.find("outputs");
  if (!outputs) return out;
  for (const auto& output : outputs->children) {
    const Setting* node = output->key == "eve-log" ? output.get() : output->find("eve-log");
    if (!node) continue;
    const Setting* on = node->find("enabled");
    if (!on || on->as_bool())
      out.push_back(node);
    else
      node->use_all();
  }
  return out;
}

std::vector<EveType> eve_types(const Setting& section) {
  std::vector<EveType> out;
  const Setting* types = section.find("types");
  if (!types) return out;
  const auto options = [](const Setting& node) { return node.kind == Setting::Kind::map ? &node : nullptr; };
  for (const auto& item : types->children) {
    if (types->kind == Setting::Kind::map) {
      out.push_back({item->key, item.get(), options(*item)});
    } else if (item->kind == Setting::Kind::map && !item->children.empty()) {
      out.push_back({item->children[0]->key, item.get(), options(*item->children[0])});
    } else {
      out.push_back({item->scalar, item.get()});
    }
  }
  return out;
}

EveConfig::EveConfig(const Setting& root, std::span<const std::string> only,
                     std::span<const Protocol* const> protocols) {
  for (const OwnRecord& record : kOwnRecords) topics_.push_back(record.type);
  usual_.assign(topics_.size(), true);
  usual_[kTopicNetflow] = usual_[kTopicFrame] = usual_[kTopicMetadata] = false;
  for (const Protocol* protocol : protocols) {
    for (const RecordRow& row : protocol->records) {
      if (find(row.type) != topics_.size()) continue;
      topics_.push_back(row.type);
      usual_.push_back(!row.on_request);
    }
  }
  if (const Setting* name = root.find("sensor-name")) options_.sensor_name = name->as_text();
  enabled_.assign(topics_.size(), false);
  const std::vector<const Setting*> sections = eve_sections(root);
  read_options_of(sections);
  for (const Setting* section : sections) read_section(*section);
  if (sections.empty()) read_section({});

  auto timer = read_options<StatsTimer>(root, kTimerRows);
  if (timer.interval == 0) root.find("stats.interval")->fail("at least 1 second");
  stats_interval_ = timer.interval;
  if (!timer.enabled) enabled_[kTopicStats] = false;

  if (only.empty()) return;
  sections_.clear();
  std::fill(enabled_.begin(), enabled_.end(), false);
  for (const std::string& name : only) {
    bool known = false;
    for (const std::string& type : event_types(name)) known |= set(type, true, enabled_);
    if (!known) throw SettingError({"--records"}, "'" + name + "' is no record type; there are " + list());
  }
}

bool EveConfig::enabled(std::string_view type) const {
  RecordType topic = find(type);
  return topic < topics_.size() && enabled_[topic];
}

std::vector<bool> EveConfig::selection(const Setting& section) const {
  for (const auto& [node, selection] : sections_) {
    if (node != &section) continue;
    for (size_t i = 0; i < enabled_.size(); ++i) {
      if (enabled_[i] && !selection[i]) return selection;
    }
  }
  return {};
}

RecordType EveConfig::find(std::string_view type) const {
  return static_cast<RecordType>(std::find(topics_.begin(), topics_.end(), type) - topics_.begin());
}

bool EveConfig::set(std::string_view type, bool on, Selection& selection) const {
  RecordType topic = find(type);
  if (topic == topics_.size()) return false;
  selection[topic] = on;
  return true;
}

std::string EveConfig::list() const {
  std::string out;
  for (std::string_view topic : topics_) out += (out.empty() ? "" : ", ") + std::string(topic);
  return out;
}

void EveConfig::read_options_of(std::span<const Setting* const> sections) {
  const OptionSource alert = options_of_type(sections, "alert");
  OptionSource common, forwarded = alert;
  for (const Setting* section : sections) {
    common.add(*section);
    forwarded.add(*section);
  }
  options_.common = read_options<C>(common, kCommonRows);
  if (options_.common.community_id_seed > UINT16_MAX) {
    common.find("community-id-seed").front()->fail("at most 65535");
  }
  options_.forwarded = read_options<X>(forwarded, kForwardedRows);
  options_.alert = read_options<A>(alert, kAlertRows);
  read_metadata(alert, options_.alert);
  options_.anomaly = read_options<N>(options_of_type(sections, "anomaly"), kAnomalyOptions);
  options_.frame = read_options<F>(options_of_type(sections, "frame"), kFrameRows);
  options_.flow = read_options<W>(options_of_type(sections, "flow"), kFlowRows);
  options_.stats = read_options<S>(options_of_type(sections, "stats"), kStatsRows);
}

void EveConfig::read_section(const Setting& node) {
  Selection selection = usual_;
  const Setting* types = node.find("types");
  // A map that the command line made has an option of a type; only a list says which types there are.
  const bool chosen = types && types->kind != Setting::Kind::null;
  if (chosen && (types->kind != Setting::Kind::map || !assigned(*types))) {
    std::fill(selection.begin(), selection.end(), false);
  }
  for (const EveType& type : eve_types(node)) read_type(type, selection);
  // Packets are recorded where a rule tags them; that is a switch of the alert section.
  selection[kTopicPacket] = selection[kTopicPacket] || (selection[kTopicAlert] && options_.alert.tagged_packets);
  for (size_t i = 0; i < enabled_.size(); ++i) enabled_[i] = enabled_[i] || selection[i];
  sections_.emplace_back(&node, std::move(selection));
}

void EveConfig::read_type(const EveType& type, Selection& selection) const {
  const Setting& item = *type.item;
  const Setting* on = type.options ? type.options->find("enabled") : nullptr;
  const bool enabled = !on || on->as_bool();
  // The command line gives an option of a type: whether it is written is not its matter.
  const bool selects = on || !type.options || !assigned(item);
  bool known = false;
  for (const std::string& event_type : event_types(type.name)) {
    known |= selects ? set(event_type, enabled, selection) : find(event_type) < topics_.size();
  }
  if (known) {
    item.find(type.name);  // read
    return;
  }
  if (std::find(std::begin(kSuricataTypes), std::end(kSuricataTypes), type.name) == std::end(kSuricataTypes)) {
    item.fail("'" + std::string(type.name) + "' is no record type; there are " + list());
  }
  // Like xff: what is asked for and not there stays unread.
  if (!enabled) item.use_all();
}

std::shared_ptr<const EveConfig> EveConfig::read(const Setting& root, std::span<const std::string> only,
                                                 std::span<const Protocol* const> protocols) {
  return std::make_shared<const EveConfig>(root, only, protocols);
}

std::span<const OwnRecord, kOwnTopics> own_records() {
  return kOwnRecords;
}

std::vector<OptionInfo> eve_options() {
  std::vector<OptionInfo> out;
  out.push_back({"sensor-name", "text", "",
                 "name of this sensor: member host of records, and in published messages; `run` takes the host's where "
                 "it is empty",
                 ""});
  const auto add = [&](std::vector<OptionInfo> options) { out.insert(out.end(), options.begin(), options.end()); };
  add(describe_options<C>(kCommonRows, "outputs.eve-log."));
  add(describe_options<X>(kForwardedRows, "outputs.eve-log."));
  add(describe_options<A>(kAlertRows, "outputs.eve-log.types.alert."));
  add(describe_options<N>(kAnomalyOptions, "outputs.eve-log.types.anomaly."));
  add(describe_options<F>(kFrameRows, "outputs.eve-log.types.frame."));
  add(describe_options<W>(kFlowRows, "outputs.eve-log.types.flow."));
  add(describe_options<S>(kStatsRows, "outputs.eve-log.types.stats."));
  add(describe_options<StatsTimer>(kTimerRows));
  return out;
}

}  // namespace lapwing
