#include "export/eve/envelope.h"

#include <cstdio>

namespace lapwing {
namespace {

void write_mac(JsonWriter& json, std::string_view key, const uint8_t* mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  json.member(key, std::string_view(text, 17));
}

std::string_view proto_name(uint8_t proto) {
  // IANA protocol numbers under the names of /etc/protocols aliases, as Suricata writes them.
  switch (proto) {
    case 1: return "ICMP";
    case 2: return "IGMP";
    case 4: return "IP-ENCAP";
    case 6: return "TCP";
    case 17: return "UDP";
    case 41: return "IPv6";
    case 47: return "GRE";
    case 50: return "ESP";
    case 51: return "AH";
    case 58: return "IPv6-ICMP";
    case 88: return "EIGRP";
    case 89: return "OSPFIGP";
    case 103: return "PIM";
    case 112: return "VRRP";
    case 132: return "SCTP";
    default: return {};
  }
}

void write_tunnel(JsonWriter& json, const Envelope& envelope) {
  const TunnelLayer& layer = envelope.tunnel.back();
  json.begin_object("tunnel").member("src_ip", layer.src).member("src_port", layer.src_port);
  json.member("dest_ip", layer.dest).member("dest_port", layer.dest_port).member("proto", layer.proto);
  json.member("depth", envelope.tunnel.size());
  if (envelope.pcap_cnt) json.member("pcap_cnt", envelope.pcap_cnt);
  json.member("pkt_src", "wire/pcap").end_object();
}

}  // namespace

void write_proto(JsonWriter& json, std::string_view key, uint8_t proto) {
  if (std::string_view name = proto_name(proto); !name.empty()) {
    json.member(key, name);
  } else {
    char text[4];
    auto end = std::to_chars(text, text + sizeof text, proto).ptr;
    json.member(key, std::string_view(text, end));
  }
}

void begin_record(JsonWriter& json, const EveOptions& options, const Envelope& e, std::string_view type) {
  json.begin_object().member("timestamp", e.time);
  if (e.flow_id) json.member("flow_id", e.flow_id);
  if (e.parent_id) json.member("parent_id", e.parent_id);
  if (!e.in_iface.empty()) json.member("in_iface", e.in_iface);
  if (!options.sensor.empty()) json.member("host", std::string_view(options.sensor));
  if (e.pcap_cnt) json.member("pcap_cnt", e.pcap_cnt);
  json.member("event_type", type);
  if (!e.vlan.empty()) {
    json.begin_array("vlan");
    for (uint16_t id : e.vlan) json.value(id);
    json.end_array();
  }
  if (e.src.version) {
    json.member("src_ip", e.src);
    if (e.has_ports) json.member("src_port", e.src_port);
    json.member("dest_ip", e.dest);
    if (e.has_ports) json.member("dest_port", e.dest_port);
    write_proto(json, "proto", e.proto);
    json.member("ip_v", e.src.version);
  }
  if (e.has_icmp) json.member("icmp_type", e.icmp_type).member("icmp_code", e.icmp_code);
  if (e.has_icmp_response) {
    json.member("response_icmp_type", e.response_icmp_type).member("response_icmp_code", e.response_icmp_code);
  }
  if (!e.pkt_src.empty()) json.member("pkt_src", e.pkt_src);
  if (options.pcap_file && !e.pcap_filename.empty()) json.member("pcap_filename", e.pcap_filename);
  if (options.ethernet && e.ether_src) {
    json.begin_object("ether");
    write_mac(json, "src_mac", e.ether_src);
    write_mac(json, "dest_mac", e.ether_dest);
    json.end_object();
  }
  if (!e.tunnel.empty()) write_tunnel(json, e);
  if (!e.community_id.empty()) json.member("community_id", e.community_id);
  if (!e.app_proto.empty()) json.member("app_proto", e.app_proto);
  if (!e.app_proto_ts.empty()) json.member("app_proto_ts", e.app_proto_ts);
  if (!e.app_proto_tc.empty()) json.member("app_proto_tc", e.app_proto_tc);
  if (!e.app_proto_orig.empty()) json.member("app_proto_orig", e.app_proto_orig);
  if (!e.app_proto_expected.empty()) json.member("app_proto_expected", e.app_proto_expected);
}

void write_application(JsonWriter& json, const Application& a) {
  if (a.protocol.empty()) return;
  json.begin_object("ndpi").member("app_protocol", a.protocol);
  if (!a.category.empty()) json.member("category", a.category);
  if (!a.confidence.empty()) json.member("confidence", a.confidence);
  if (!a.breed.empty()) json.member("breed", a.breed);
  if (!a.hostname.empty()) json.member("hostname", a.hostname);
  if (a.risk) {
    json.begin_array("risks");
    for (std::string_view name : a.risk_names) json.value(name);
    json.end_array();
    json.begin_object("risk_score").member("total", a.risk_score);
    json.member("client", a.risk_score_client).member("server", a.risk_score_server).end_object();
  }
  json.end_object();
}

void write_metadata(JsonWriter& json, std::span<const std::string_view> flowbits) {
  if (flowbits.empty()) return;
  json.begin_object("metadata").begin_array("flowbits");
  for (std::string_view name : flowbits) json.value(name);
  json.end_array().end_object();
}

}  // namespace lapwing
