// alert and packet records.
#include <algorithm>

#include "export/eve/envelope.h"

namespace lapwing {
namespace {

/// Names of the link types a capture can have here (the pcap registry's, as Suricata spells them).
std::string_view link_type_name(uint16_t link_type) {
  switch (link_type) {
    case 0: return "NULL";
    case 1: return "EN10MB";
    case 9: return "PPP";
    case 12:
    case 101: return "RAW";
    case 104: return "C_HDLC";
    case 108: return "LOOP";
    case 113: return "LINUX_SLL";
    case 228: return "IPV4";
    case 229: return "IPV6";
    case 276: return "LINUX_SLL2";
    default: return "UNKNOWN";
  }
}

std::string_view verdict_action(Action action) {
  switch (action) {
    case Action::drop: return "drop";
    case Action::pass: return "pass";
    default: return "alert";
  }
}

bool blocks(Action action) { return action != Action::alert && action != Action::pass && action != Action::config; }

void write_rule(JsonWriter& json, const EveOptions& options, const Alert& alert) {
  const RuleInfo& rule = *alert.rule;
  // A mirror port cannot block; what the rule wanted stays visible in the rule's own action.
  json.begin_object("alert").member("action", blocks(alert.action) ? "blocked" : "allowed");
  json.member("gid", rule.gid).member("signature_id", rule.sid).member("rev", rule.rev);
  json.member("signature", std::string_view(rule.msg)).member("category", std::string_view(rule.category));
  json.member("severity", rule.severity);
  if (rule.target != RuleInfo::Target::none && alert.has_flow) {
    const Envelope& flow = alert.flow.envelope;
    bool packet_from_client = alert.direction == Direction::to_server;
    bool source_is_target = rule.target == RuleInfo::Target::source;
    auto side = [&](std::string_view key, bool packet_source) {
      bool client = packet_source == packet_from_client;
      json.begin_object(key).member("ip", client ? flow.src : flow.dest);
      if (flow.has_ports) json.member("port", client ? flow.src_port : flow.dest_port);
      json.end_object();
    };
    side("source", !source_is_target);
    side("target", source_is_target);
  }
  if (options.alert_rule_metadata && !rule.metadata.empty()) {
    json.begin_object("metadata");
    for (size_t i = 0; i < rule.metadata.size(); ++i) {
      const std::string& key = rule.metadata[i].first;
      auto same = [&](const auto& entry) { return entry.first == key; };
      if (std::find_if(rule.metadata.begin(), rule.metadata.begin() + static_cast<ptrdiff_t>(i), same) != rule.metadata.begin() + static_cast<ptrdiff_t>(i)) continue;
      json.escaped_key(key).begin_array();
      for (const auto& entry : rule.metadata) {
        if (same(entry)) json.value(std::string_view(entry.second));
      }
      json.end_array();
    }
    json.end_object();
  }
  if (options.alert_rule_reference && !rule.references.empty()) {
    json.begin_array("references");
    for (const std::string& url : rule.references) json.value(std::string_view(url));
    json.end_array();
  }
  if (options.alert_rule_raw) json.member("rule", std::string_view(rule.text));
  if (!alert.context.empty()) json.key("context").raw(alert.context);
  json.end_object();
}

void write_flow_of_alert(JsonWriter& json, const FlowSummary& s) {
  const Envelope& e = s.envelope;
  json.begin_object("flow").member("pkts_toserver", s.packets[0]).member("pkts_toclient", s.packets[1]);
  json.member("bytes_toserver", s.bytes[0]).member("bytes_toclient", s.bytes[1]).member("start", s.start);
  json.member("src_ip", e.src).member("dest_ip", e.dest);
  if (e.has_ports) json.member("src_port", e.src_port).member("dest_port", e.dest_port);
  json.end_object();
}

}  // namespace

void write_packet(JsonWriter& json, Bytes packet, uint16_t link_type) {
  json.key("packet").base64(packet);
  json.begin_object("packet_info").member("linktype", link_type).member("linktype_name", link_type_name(link_type)).end_object();
}

void write_alert(JsonWriter& json, const EveOptions& options, const Alert& alert) {
  if (options.metadata) write_metadata(json, alert.flowbits);
  if (alert.has_tx) json.member("tx_id", alert.tx_id);
  write_rule(json, options, alert);
  if (options.alert_app_layer && !alert.app_layer.empty()) json.raw(alert.app_layer);
  if (alert.has_flow) {
    json.member("direction", alert.direction == Direction::to_server ? "to_server" : "to_client");
    if (options.alert_flow) write_flow_of_alert(json, alert.flow);
    write_application(json, alert.flow.application);
  }
  Bytes payload = alert.payload.first(std::min<size_t>(alert.payload.size(), options.alert_payload_buffer_size));
  if (options.alert_payload_length) json.member("payload_length", payload.size());
  if (options.alert_payload) json.key("payload").base64(payload);
  if (options.alert_payload_printable) json.key("payload_printable").printable(payload);
  if (options.alert_payload || options.alert_payload_printable) json.member("stream", alert.stream ? 1 : 0);
  if (options.alert_packet && !alert.packet.empty()) write_packet(json, alert.packet, alert.link_type);
  if (options.alert_verdict) json.begin_object("verdict").member("action", verdict_action(alert.action)).end_object();
}

}  // namespace lapwing
