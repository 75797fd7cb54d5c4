#include "export/eve/alert.h"

#include <algorithm>

namespace lapwing {
namespace {

constexpr uint8_t kTcp = 6;
/// Bytes of the frame that an anomaly shows.
constexpr size_t kPacketHeaderBytes = 32;

struct LinkTypeName {
  uint16_t link_type;
  std::string_view name;
};
constexpr LinkTypeName kLinkTypeNames[] = {
    {0, "NULL"},   {1, "EN10MB"},   {9, "PPP"},          {12, "RAW"},   {50, "PPP_SERIAL"}, {51, "PPP_ETHER"},
    {101, "RAW"},  {104, "C_HDLC"}, {105, "IEEE802_11"}, {108, "LOOP"}, {113, "LINUX_SLL"}, {127, "IEEE802_11_RADIO"},
    {228, "IPv4"}, {229, "IPv6"},   {276, "LINUX_SLL2"},
};

void write_packet(JsonWriter& json, Bytes packet, uint16_t link_type) {
  // What the capture file calls 101 libpcap calls 12 in memory, and EVE shows libpcap's number.
  uint16_t number = link_type == 101 ? uint16_t{12} : link_type;
  json.key("packet").base64(packet);
  json.begin_object("packet_info").member("linktype", number);
  std::string_view name = link_type_name(link_type);
  if (!name.empty()) json.member("linktype_name", name);
  json.end_object();
}

void write_rule_metadata(JsonWriter& json, const RuleInfo& rule) {
  MetadataReader item(rule);
  if (!item.next()) return;
  json.begin_object("metadata");
  do {
    MetadataReader first(rule);
    while (first.next() && first.key() != item.key()) {
    }
    if (first.key().data() != item.key().data()) continue;  // shown with the first of its key
    json.escaped_key(item.key()).begin_array();
    do {
      if (first.key() == item.key()) json.value(first.value());
    } while (first.next());
    json.end_array();
  } while (item.next());
  json.end_object();
}

void write_end_point(JsonWriter& json, std::string_view name, const Envelope& envelope, bool source) {
  json.begin_object(name).member("ip", source ? envelope.src : envelope.dest);
  if (envelope.has_ports) json.member("port", source ? envelope.src_port : envelope.dest_port);
  json.end_object();
}

bool rejects(Action action) {
  return action == Action::reject || action == Action::reject_src || action == Action::reject_dst ||
         action == Action::reject_both;
}

void write_rule(JsonWriter& json, const EveAlertOptions& options, const Envelope& envelope, const Alert& alert,
                const std::optional<IpAddress>& client) {
  const RuleInfo& rule = *alert.rule;
  json.begin_object("alert");
  // A sensor that only listens drops nothing; a rejected connection is broken all the same, and what a rate filter says
  // is shown as it says it.
  const bool filtered = alert.action == Action::drop && rule.action != Action::drop;
  json.member("action", rejects(alert.action) || filtered ? "blocked" : "allowed");
  json.member("gid", rule.gid).member("signature_id", rule.sid).member("rev", rule.rev);
  json.member("signature", std::string_view(rule.msg)).member("category", std::string_view(rule.category));
  json.member("severity", rule.severity);
  if (rule.target != RuleInfo::Target::none && envelope.src.version) {
    bool target_is_dest = rule.target == RuleInfo::Target::destination;
    write_end_point(json, "source", envelope, target_is_dest);
    write_end_point(json, "target", envelope, !target_is_dest);
  }
  if (options.rule_reference && !rule.references.empty()) {
    json.begin_array("references");
    for (const std::string& reference : rule.references) json.value(std::string_view(reference));
    json.end_array();
  }
  if (options.rule_metadata) write_rule_metadata(json, rule);
  if (client) json.member("xff", *client);
  if (!alert.context.empty()) json.key("context").raw(alert.context);
  if (options.rule_raw) json.member("rule", std::string_view(rule.text));
  json.end_object();
}

void write_flow(std::string& out, RecordTools& tools, const FlowSummary& flow) {
  Line line(out, tools.times);
  line << ",\"flow\":{";
  write_flow_counts(line, flow);
  const Envelope& ends = flow.envelope;
  line << ",\"src_ip\":\"" << ends.src << "\",\"dest_ip\":\"" << ends.dest << "\"";
  if (ends.has_ports) {
    line << ",\"src_port\":" << uint64_t{ends.src_port} << ",\"dest_port\":" << uint64_t{ends.dest_port};
  }
  line << "}";
  write_application(line, flow.application);
}

void write_payload(JsonWriter& json, const EveAlertOptions& options, const Envelope& envelope, const Alert& alert) {
  if (!options.payload && !options.payload_printable && !options.payload_length) return;
  bool stream = alert.stream && envelope.proto == kTcp;
  Bytes payload = alert.payload;
  if (stream) payload = payload.first(std::min<size_t>(payload.size(), shown_of_payload(options.payload_buffer_size)));
  if (options.payload && !payload.empty()) json.key("payload").base64(payload);
  if (options.payload_length) json.member("payload_length", payload.size());
  if (options.payload_printable) json.key("payload_printable").printable(payload);
  json.member("stream", stream ? 1 : 0);
}

void write_verdict(JsonWriter& json, const Envelope& envelope, const Alert& alert) {
  json.begin_object("verdict");
  if (rejects(alert.action)) {
    bool both = alert.action == Action::reject_both, dest = alert.action == Action::reject_dst;
    json.member("action", "drop").begin_array("reject");
    json.value(envelope.proto == kTcp ? "tcp-reset" : "icmp-prohib").end_array();
    json.member("reject_target", both ? "both" : dest ? "to_server" : "to_client");
  } else {
    json.member("action", alert.action == Action::pass ? "pass" : "alert");
  }
  json.end_object();
}

/// Goes on in an object that a Line has begun.
JsonWriter continue_object(std::string& out) {
  JsonWriter json(out);
  json.raw("");
  return json;
}

}  // namespace

std::string_view link_type_name(uint16_t link_type) {
  for (const LinkTypeName& row : kLinkTypeNames) {
    if (row.link_type == link_type) return row.name;
  }
  return {};
}

void write_alert_record(std::string& out, RecordTools& tools, const Envelope& seen, const Alert& alert) {
  const EveAlertOptions& options = tools.options.alert;
  const ForwardedView view(seen, alert.forwarded, tools.options.forwarded, alert.direction == Direction::to_client);
  const Envelope& envelope = view.envelope();
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, "alert", View::packet);
    write_common(line, tools, envelope, alert.flowbits, View::packet);
    if (alert.has_tx) line << ",\"tx_id\":" << alert.tx_id;
    if (alert.tx_guessed) line << ",\"tx_guessed\":true";
  }
  JsonWriter json = continue_object(out);
  write_rule(json, options, envelope, alert, view.member());
  if (options.app_layer && !alert.app_layer.empty()) json.raw(alert.app_layer);
  if (alert.has_flow) {
    json.member("direction", alert.direction == Direction::to_server ? "to_server" : "to_client");
    if (options.flow) write_flow(out, tools, alert.flow);
  }
  write_payload(json, options, envelope, alert);
  if (!alert.frame.empty()) json.raw(alert.frame);
  if (options.packet && !alert.packet.empty()) write_packet(json, alert.packet, alert.link_type);
  if (options.verdict) write_verdict(json, envelope, alert);
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

void write_anomaly_record(std::string& out, RecordTools& tools, const Envelope& envelope, const Anomaly& anomaly) {
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, "anomaly", View::packet);
    write_common(line, tools, envelope, envelope.flowbits, View::packet);
    if (anomaly.has_tx) line << ",\"tx_id\":" << anomaly.tx_id;
    line << ",\"anomaly\":{";
    if (anomaly.type == AnomalyLayer::applayer) {
      if (!anomaly.app_proto.empty()) {
        line << "\"app_proto\":";
        line.text(anomaly.app_proto) << ",";
      }
      line << "\"type\":\"applayer\",\"event\":";
      line.text(anomaly.event).optional(",\"layer\":", anomaly.layer);
    } else {
      line.name(anomaly.type == AnomalyLayer::decode ? "\"type\":\"decode\"" : "\"type\":\"stream\"");
      line.optional(",\"event\":", anomaly.event);
    }
    line << "}";
  }
  if (tools.options.anomaly.packethdr && !anomaly.packet.empty()) {
    JsonWriter json = continue_object(out);
    write_packet(json, anomaly.packet.first(std::min(anomaly.packet.size(), kPacketHeaderBytes)), anomaly.link_type);
  }
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

void write_metadata_record(std::string& out, RecordTools& tools, const Envelope& envelope) {
  Line line(out, tools.times);
  write_envelope(line, tools, envelope, "metadata", View::packet);
  write_common(line, tools, envelope, envelope.flowbits, View::packet);
  write_end(line, tools, envelope);
}

void write_packet_record(std::string& out, RecordTools& tools, const Envelope& envelope, Bytes packet,
                         uint16_t link_type) {
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, "packet", View::packet);
    write_common(line, tools, envelope, envelope.flowbits, View::packet);
  }
  JsonWriter json = continue_object(out);
  write_packet(json, packet, link_type);
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

}  // namespace lapwing
