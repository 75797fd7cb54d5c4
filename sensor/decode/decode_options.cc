// Options and counters of decoding.
#include <algorithm>
#include <stdexcept>

#include "sensor/base/text.h"
#include "sensor/decode/decode.h"

namespace lapwing {
namespace {

constexpr OptionRow<DecodeConfig> kOptions[] = {
    {"decoder.teredo.enabled", &DecodeConfig::teredo, "yes", "open Teredo tunnels"},
    {"decoder.teredo.ports", &DecodeConfig::teredo_ports, "[3544]", "UDP ports of Teredo, at most 4, or any"},
    {"decoder.vxlan.enabled", &DecodeConfig::vxlan, "yes", "open VXLAN tunnels"},
    {"decoder.vxlan.ports", &DecodeConfig::vxlan_ports, "[4789]", "UDP ports of VXLAN, at most 4"},
    {"decoder.geneve.enabled", &DecodeConfig::geneve, "yes", "open Geneve tunnels"},
    {"decoder.geneve.ports", &DecodeConfig::geneve_ports, "[6081]", "UDP ports of Geneve, at most 4"},
    {"decoder.gtp.enabled", &DecodeConfig::gtpu, "yes", "open GTP-U tunnels"},
    {"decoder.gtp.ports", &DecodeConfig::gtpu_ports, "[2152]", "UDP ports of GTP-U, at most 4"},
    {"decoder.erspan.typeI.enabled", &DecodeConfig::erspan_type1, "yes",
     "open ERSPAN type I, which nothing but the GRE protocol number tells from type II"},
    {"decoder.max-layers", &DecodeConfig::max_layers, "16", "headers decoded in one frame before it is given up"},
};

using C = DecodeCounters;
constexpr CounterRow<C> kCounters[] = {
    {"decoder.pkts", &C::pkts, "frames decoded"},
    {"decoder.bytes", &C::bytes, "captured bytes of them"},
    {"decoder.invalid", &C::invalid, "frames whose outermost packet has a broken header", CounterKind::loss},
    {"decoder.ipv4", &C::ipv4, "IPv4 headers"},
    {"decoder.ipv6", &C::ipv6, "IPv6 headers"},
    {"decoder.ethernet", &C::ethernet, "Ethernet headers"},
    {"decoder.arp", &C::arp, "ARP packets"},
    {"decoder.unknown_ethertype", &C::unknown_ethertype, "frames of an EtherType, or behind LLC, that nothing decodes"},
    {"decoder.unread_ethertype", &C::unread_ethertype,
     "those of them that may carry traffic: not what links say of themselves (LLDP, LACP, EAPOL, STP, CDP ...)",
     CounterKind::loss},
    {"decoder.llc", &C::llc, "IEEE 802.2 headers"},
    {"decoder.ieee80211", &C::ieee80211, "IEEE 802.11 frames"},
    {"decoder.radiotap", &C::radiotap, "radiotap headers"},
    {"decoder.ppi", &C::ppi, "PPI headers"},
    {"decoder.nflog", &C::nflog, "packets of Linux netfilter's log"},
    {"decoder.macsec", &C::macsec, "MACsec headers"},
    {"decoder.wccp", &C::wccp, "WCCP redirections"},
    {"decoder.encrypted_link", &C::encrypted_link, "frames that the link layer encrypts: MACsec, IEEE 802.11",
     CounterKind::loss},
    {"decoder.ieee80211_fragments", &C::ieee80211_fragments, "fragments of IEEE 802.11 frames, which are not followed",
     CounterKind::loss},
    {"decoder.ieee80211_aggregates", &C::ieee80211_aggregates,
     "aggregates of IEEE 802.11 frames of which the first alone is followed", CounterKind::loss},
    {"decoder.ieee80211_bad_fcs", &C::ieee80211_bad_fcs, "IEEE 802.11 frames that came with a wrong checksum",
     CounterKind::loss},
    {"decoder.chdlc", &C::chdlc, "Cisco HDLC frames"},
    {"decoder.raw", &C::raw, "frames without a link layer"},
    {"decoder.null", &C::null, "BSD loopback frames"},
    {"decoder.sll", &C::sll, "Linux cooked frames"},
    {"decoder.sll2", &C::sll2, "Linux cooked frames, version 2"},
    {"decoder.tcp", &C::tcp, "TCP headers"},
    {"decoder.udp", &C::udp, "UDP headers"},
    {"decoder.sctp", &C::sctp, "SCTP headers"},
    {"decoder.esp", &C::esp, "ESP headers"},
    {"decoder.ah", &C::ah, "authentication headers"},
    {"decoder.icmpv4", &C::icmpv4, "ICMP messages"},
    {"decoder.icmpv6", &C::icmpv6, "ICMPv6 messages"},
    {"decoder.igmp", &C::igmp, "IGMP messages"},
    {"decoder.ppp", &C::ppp, "PPP headers"},
    {"decoder.pppoe", &C::pppoe, "PPPoE headers"},
    {"decoder.gre", &C::gre, "GRE headers"},
    {"decoder.vlan", &C::vlan, "VLAN tags, the outermost"},
    {"decoder.vlan_qinq", &C::vlan_qinq, "VLAN tags, the second"},
    {"decoder.vlan_qinqinq", &C::vlan_qinqinq, "VLAN tags, the third"},
    {"decoder.vxlan", &C::vxlan, "VXLAN tunnels"},
    {"decoder.vntag", &C::vntag, "VN-Tags"},
    {"decoder.etag", &C::etag, "E-Tags (802.1BR)"},
    {"decoder.ieee8021ah", &C::ieee8021ah, "provider backbone tags (802.1ah)"},
    {"decoder.nsh", &C::nsh, "network service headers"},
    {"decoder.teredo", &C::teredo, "Teredo tunnels"},
    {"decoder.geneve", &C::geneve, "Geneve tunnels"},
    {"decoder.gtp", &C::gtpu, "GTP-U tunnels"},
    {"decoder.ipv4_in_ipv4", &C::ipv4_in_ipv4, "IPv4 in IPv4"},
    {"decoder.ipv4_in_ipv6", &C::ipv4_in_ipv6, "IPv4 in IPv6"},
    {"decoder.ipv6_in_ipv4", &C::ipv6_in_ipv4, "IPv6 in IPv4"},
    {"decoder.ipv6_in_ipv6", &C::ipv6_in_ipv6, "IPv6 in IPv6"},
    {"decoder.mpls", &C::mpls, "MPLS label stacks"},
    {"decoder.erspan", &C::erspan, "ERSPAN headers"},
    {"decoder.max_pkt_size", &C::max_pkt_size, "captured bytes of the largest frame", CounterKind::maximum},
    {"decoder.checksum_offload", &C::checksum_offload,
     "TCP and UDP packets whose checksum the network card was to finish; taken as right with checksums auto"},
    {"decoder.segmentation_offload", &C::segmentation_offload,
     "TCP packets whose length the network card was to fill in"},
    {"decoder.too_many_layers", &C::too_many_layers, "frames given up at decoder.max-layers", CounterKind::loss},
    {"decoder.unknown_link_type", &C::unknown_link_type, "frames of a link type nothing decodes", CounterKind::loss},
    {"decoder.unknown_protocols_max", &C::unknown_protocols_max,
     "frames of an EtherType or link type nothing decodes whose number is not told: those of 16 others were"},
    {"decoder.bad_checksum.ip", &C::bad_ip_checksum, "IPv4 headers with a wrong checksum"},
    {"decoder.bad_checksum.tcp", &C::bad_tcp_checksum, "TCP segments with a wrong checksum"},
    {"decoder.bad_checksum.udp", &C::bad_udp_checksum, "UDP datagrams with a wrong checksum"},
    {"decoder.bad_checksum.icmp", &C::bad_icmp_checksum, "ICMP and ICMPv6 messages with a wrong checksum"},
    {"decoder.max_packet_events", &C::max_packet_events, "events beyond the 15 that one packet keeps"},
    {"decoder.max_vlan", &C::max_vlan, "packets not followed behind their third VLAN tag", CounterKind::loss},
    {"decoder.dropped", &C::dropped, "packets that no host takes: they move no flow"},
    {"decoder.max_tunnel", &C::max_tunnel, "encapsulations beyond the 8 that are followed", CounterKind::loss},
};

/// Throws std::invalid_argument with what is wrong.
TunnelPorts read_ports(bool enabled, const std::vector<std::string>& texts) {
  TunnelPorts out;
  if (!enabled) return out;
  for (const std::string& text : texts) {
    std::string_view list = trim(text);
    if (list.starts_with('[') && list.ends_with(']')) list = list.substr(1, list.size() - 2);
    for (std::string_view item : split(list, ',')) {
      item = trim(item);
      if (item == "any") {
        out.any = true;
        continue;
      }
      auto port = parse_unsigned(item);
      if (!port || *port == 0 || *port > 65535) {
        throw std::invalid_argument("'" + std::string(item) + "' is no port; write 1 to 65535");
      }
      if (out.count == kMaxTunnelPorts) {
        throw std::invalid_argument("more than " + std::to_string(kMaxTunnelPorts) + " ports");
      }
      out.ports[out.count++] = static_cast<uint16_t>(*port);
    }
  }
  return out;
}

}  // namespace

std::span<const OptionRow<DecodeConfig>> decode_options() {
  return kOptions;
}
std::span<const CounterRow<DecodeCounters>> decode_counter_rows() {
  return kCounters;
}

DecodePlan make_decode_plan(const DecodeConfig& config) {
  DecodePlan plan;
  plan.teredo = read_ports(config.teredo, config.teredo_ports);
  plan.vxlan = read_ports(config.vxlan, config.vxlan_ports);
  plan.geneve = read_ports(config.geneve, config.geneve_ports);
  plan.gtpu = read_ports(config.gtpu, config.gtpu_ports);
  plan.erspan_type1 = config.erspan_type1;
  if (config.max_layers != 0) plan.max_layers = static_cast<uint32_t>(std::min<uint64_t>(config.max_layers, 255));
  return plan;
}

DecodeConfig read_decode_config(const Setting& root) {
  DecodeConfig config = read_options(root, decode_options());
  auto resolve = [&](std::string_view key, std::vector<std::string>& ports) {
    const Setting* node = root.find(key);
    if (!node) return;
    for (std::string& text : ports) {
      if (!text.starts_with('$')) continue;
      const std::string name = text.substr(1);
      const Setting* group = root.find("vars.port-groups." + name);
      if (!group) node->fail("there is no '" + name + "' in vars.port-groups");
      text.clear();
      for (const std::string& port : read_texts(*group)) text += (text.empty() ? "" : ",") + port;
    }
    try {
      read_ports(true, ports);
    } catch (const std::invalid_argument& fault) {
      node->fail(fault.what());
    }
  };
  resolve("decoder.teredo.ports", config.teredo_ports);
  resolve("decoder.vxlan.ports", config.vxlan_ports);
  resolve("decoder.geneve.ports", config.geneve_ports);
  resolve("decoder.gtp.ports", config.gtpu_ports);
  return config;
}

void Decoder::add_counters(Share share, CounterSet& set) const {
  const DecodeTally& tally = share == Share::own ? own_ : shared_;
  set.add(tally.counters, decode_counter_rows());
  for (size_t i = 0; i < tally.events.size(); ++i) {
    if (tally.events[i])
      set.add("decoder.event." + std::string(name(static_cast<DecodeAnomaly>(i))), tally.events[i],
              "packets with this event");
  }
}

}  // namespace lapwing
