#include "export/eve/envelope.h"

#include <algorithm>
#include <array>

namespace lapwing {
namespace {

/// Keywords of IANA's list of protocol numbers, as Suricata writes them; those that have none are numbers.
constexpr std::array<std::string_view, 256> kProtocolNames = {
    "HOPOPT",      "ICMP",       "IGMP",        "GGP",        "IP-in-IP",
    "ST",          "TCP",        "CBT",         "EGP",        "IGP",
    "BBN-RCC-MON", "NVP-II",     "PUP",         "ARGUS",      "EMCON",
    "XNET",        "CHAOS",      "UDP",         "MUX",        "DCN-MEAS",
    "HMP",         "PRM",        "XNS-IDP",     "TRUNK-1",    "TRUNK-2",
    "LEAF-1",      "LEAF-2",     "RDP",         "IRTP",       "ISO-TP4",
    "NETBLT",      "MFE-NSP",    "MERIT-INP",   "DCCP",       "3PC",
    "IDPR",        "XTP",        "DDP",         "IDPR-CMTP",  "TP++",
    "IL",          "IPv6",       "SDRP",        "IPv6-Route", "IPv6-Frag",
    "IDRP",        "RSVP",       "GRE",         "DSR",        "BNA",
    "ESP",         "AH",         "I-NLSP",      "SwIPe",      "NARP",
    "MOBILE",      "TLSP",       "SKIP",        "IPv6-ICMP",  "IPv6-NoNxt",
    "IPv6-Opts",   "Any",        "CFTP",        "Any",        "SAT-EXPAK",
    "KRYPTOLAN",   "RVD",        "IPPC",        "Any",        "SAT-MON",
    "VISA",        "IPCU",       "CPNX",        "CPHB",       "WSN",
    "PVP",         "BR-SAT-MON", "SUN-ND",      "WB-MON",     "WB-EXPAK",
    "ISO-IP",      "VMTP",       "SECURE-VMTP", "VINES",      "TTP",
    "NSFNET-IGP",  "DGP",        "TCF",         "EIGRP",      "OSPF",
    "Sprite-RPC",  "LARP",       "MTP",         "AX.25",      "OS",
    "MICP",        "SCC-SP",     "ETHERIP",     "ENCAP",      "Any",
    "GMTP",        "IFMP",       "PNNI",        "PIM",        "ARIS",
    "SCPS",        "QNX",        "A/N",         "IPComp",     "SNP",
    "Compaq-Peer", "IPX-in-IP",  "VRRP",        "PGM",        "Any",
    "L2TP",        "DDX",        "IATP",        "STP",        "SRP",
    "UTI",         "SMP",        "SM",          "PTP",        "IS-IS",
    "FIRE",        "CRTP",       "CRUDP",       "SSCOPMCE",   "IPLT",
    "SPS",         "PIPE",       "SCTP",        "FC",         "RSVP-E2E-IGNORE",
    "Mobility",    "UDPLite",    "MPLS-in-IP",  "manet",      "HIP",
    "Shim6",       "WESP",       "ROHC",        "Ethernet"};

void write_addresses(Line& line, const Envelope& envelope, bool reversed) {
  const IpAddress& src = reversed ? envelope.dest : envelope.src;
  const IpAddress& dest = reversed ? envelope.src : envelope.dest;
  if (src.version) {
    line << ",\"src_ip\":\"" << src << "\"";
    if (envelope.has_ports) line << ",\"src_port\":" << (reversed ? envelope.dest_port : envelope.src_port);
  }
  if (dest.version) {
    line << ",\"dest_ip\":\"" << dest << "\"";
    if (envelope.has_ports) line << ",\"dest_port\":" << (reversed ? envelope.src_port : envelope.dest_port);
  }
  if (!src.version) return;
  line << ",\"proto\":\"";
  std::string_view name = kProtocolNames[envelope.proto];
  if (name.empty()) {
    line << uint64_t{envelope.proto};
  } else {
    line.name(name);
  }
  line << "\",\"ip_v\":" << uint64_t{src.version};
  if (envelope.has_icmp) {
    line << ",\"icmp_type\":" << uint64_t{envelope.icmp_type} << ",\"icmp_code\":" << uint64_t{envelope.icmp_code};
  }
  if (envelope.has_icmp_response) {
    line << ",\"response_icmp_type\":" << uint64_t{envelope.response_icmp_type};
    line << ",\"response_icmp_code\":" << uint64_t{envelope.response_icmp_code};
  }
  if (envelope.has_spi) line << ",\"spi\":" << uint64_t{envelope.spi};
}

/// The outermost layer, as seen on the wire; the depth tells how many there are.
void write_tunnel(Line& line, const Envelope& envelope) {
  const TunnelLayer& outer = envelope.tunnel.front();
  line << ",\"tunnel\":{\"src_ip\":\"" << outer.src << "\",\"src_port\":" << uint64_t{outer.src_port};
  line << ",\"dest_ip\":\"" << outer.dest << "\",\"dest_port\":" << uint64_t{outer.dest_port} << ",\"proto\":";
  line.text(outer.proto) << ",\"depth\":" << uint64_t{envelope.tunnel.size()};
  if (envelope.pcap_cnt) line << ",\"pcap_cnt\":" << envelope.pcap_cnt;
  line << ",\"pkt_src\":\"wire/pcap\"}";
}

/// Rules mark traffic with flow bits of these names, which EVE shows as an object of its own.
constexpr std::string_view kTrafficId = "traffic/id/", kTrafficLabel = "traffic/label/";

bool is_traffic(std::string_view bit) {
  return bit.starts_with(kTrafficId) || bit.starts_with(kTrafficLabel);
}

void write_traffic(Line& line, std::span<const std::string_view> flowbits) {
  line << ",\"traffic\":{";
  bool any = false;
  for (std::string_view prefix : {kTrafficId, kTrafficLabel}) {
    bool open = false;
    for (std::string_view bit : flowbits) {
      if (!bit.starts_with(prefix)) continue;
      if (open) {
        line << ",";
      } else {
        if (any) line << ",";
        line.name(prefix == kTrafficId ? "\"id\":[" : "\"label\":[");
      }
      open = any = true;
      line.text(bit.substr(prefix.size()));
    }
    if (open) line << "]";
  }
  line << "}";
}

void write_variables(Line& line, std::string_view name, std::span<const NamedText> variables, bool& open) {
  if (variables.empty()) return;
  line.name(open ? ",\"" : ",\"metadata\":{\"").name(name);
  open = true;
  for (size_t i = 0; i < variables.size(); ++i) {
    line.name(i ? ",{" : "\":[{");
    line.text(variables[i].name) << ":";
    line.text(variables[i].text) << "}";
  }
  line << "]";
}

void write_metadata(Line& line, const Envelope& envelope, std::span<const std::string_view> flowbits) {
  if (std::any_of(flowbits.begin(), flowbits.end(), is_traffic)) write_traffic(line, flowbits);
  bool open = false;
  for (std::string_view bit : flowbits) {
    if (is_traffic(bit)) continue;
    line.name(open ? "," : ",\"metadata\":{\"flowbits\":[").text(bit);
    open = true;
  }
  if (open) line << "]";
  write_variables(line, "flowvars", envelope.flowvars, open);
  write_variables(line, "pktvars", envelope.pktvars, open);
  for (size_t i = 0; i < envelope.flowints.size(); ++i) {
    line.name(i ? "," : open ? ",\"flowints\":{" : ",\"metadata\":{\"flowints\":{");
    line.text(envelope.flowints[i].name) << ":" << uint64_t{envelope.flowints[i].value};
    open = true;
  }
  if (!envelope.flowints.empty()) line << "}";
  for (size_t i = 0; i < envelope.entropies.size(); ++i) {
    line.name(i ? ",\"" : open ? ",\"entropy\":{\"" : ",\"metadata\":{\"entropy\":{\"");
    line.name(envelope.entropies[i].name).name("\":").name(envelope.entropies[i].text);
    open = true;
  }
  if (!envelope.entropies.empty()) line << "}";
  if (open) line << "}";
}

void write_macs(Line& line, std::span<const MacAddress> macs) {
  for (size_t i = 0; i < macs.size(); ++i) {
    if (i) line << ",";
    line.mac(macs[i].data());
  }
}

void write_ether(Line& line, const Envelope& envelope, View view, bool reversed) {
  const auto srcs = reversed ? envelope.ether_dests : envelope.ether_srcs;
  const auto dests = reversed ? envelope.ether_srcs : envelope.ether_dests;
  if (view == View::flow) {
    if (srcs.empty() && dests.empty()) return;
    line << ",\"ether\":{\"dest_macs\":[";
    write_macs(line, dests);
    line << "],\"src_macs\":[";
    write_macs(line, srcs);
    line << "]}";
    return;
  }
  const uint8_t* src = reversed ? envelope.ether_dest : envelope.ether_src;
  const uint8_t* dest = reversed ? envelope.ether_src : envelope.ether_dest;
  if (!src && !srcs.empty()) src = srcs.front().data();
  if (!dest && !dests.empty()) dest = dests.front().data();
  if (!src || !dest) return;
  line << ",\"ether\":{";
  if (envelope.ether_type) line << "\"ether_type\":" << uint64_t{envelope.ether_type} << ",";
  line << "\"src_mac\":";
  line.mac(src) << ",\"dest_mac\":";
  line.mac(dest) << "}";
}

}  // namespace

std::string_view ip_protocol_name(uint8_t proto) {
  return kProtocolNames[proto];
}

void write_app_proto(Line& line, const Envelope& envelope) {
  line.optional(",\"app_proto\":", envelope.app_proto);
  line.optional(",\"app_proto_ts\":", envelope.app_proto_ts);
  line.optional(",\"app_proto_tc\":", envelope.app_proto_tc);
  line.optional(",\"app_proto_orig\":", envelope.app_proto_orig);
  line.optional(",\"app_proto_expected\":", envelope.app_proto_expected);
}

void write_envelope(Line& line, const RecordTools& tools, const Envelope& envelope, std::string_view type, View view,
                    bool reversed) {
  line << "{\"timestamp\":\"" << envelope.time << "\"";
  if (tools.options.common.suricata_version) line << ",\"suricata_version\":\"Lapwing " LAPWING_VERSION "\"";
  if (envelope.flow_id) line << ",\"flow_id\":" << envelope.flow_id;
  if (envelope.parent_id) line << ",\"parent_id\":" << envelope.parent_id;
  line.optional(",\"in_iface\":", envelope.in_iface);
  // A flow record is about all of its frames, so the one that happened to end it is not named.
  if (view == View::packet && envelope.pcap_cnt) line << ",\"pcap_cnt\":" << envelope.pcap_cnt;
  line << ",\"event_type\":\"";
  line.name(type) << "\"";
  for (size_t i = 0; i < envelope.vlan.size(); ++i) {
    line.name(i ? "," : ",\"vlan\":[") << uint64_t{envelope.vlan[i]};
  }
  if (!envelope.vlan.empty()) line << "]";
  write_addresses(line, envelope, reversed);
  if (view == View::packet) line.optional(",\"pkt_src\":", envelope.pkt_src);
  if (!envelope.tunnel.empty()) write_tunnel(line, envelope);
  write_app_proto(line, envelope);
}

void write_common(Line& line, const RecordTools& tools, const Envelope& envelope,
                  std::span<const std::string_view> flowbits, View view, bool reversed) {
  const EveCommonOptions& common = tools.options.common;
  const bool marked = !flowbits.empty() || !envelope.flowvars.empty() || !envelope.pktvars.empty() ||
                      !envelope.flowints.empty() || !envelope.entropies.empty();
  if (common.metadata && marked) {
    write_metadata(line, envelope, flowbits);
  }
  if (common.ethernet) write_ether(line, envelope, view, reversed);
  line.optional(",\"community_id\":", envelope.community_id);
}

void write_end(Line& line, const RecordTools& tools, const Envelope& envelope) {
  line.optional(",\"host\":", tools.options.sensor_name);
  if (tools.options.common.pcap_file && !envelope.pcap_filename.empty()) {
    line << ",\"pcap_filename\":";
    line.text(envelope.pcap_filename);
  }
  line << "}\n";
}

}  // namespace lapwing
