// decode: one frame into the packets it carries.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/frame.h"
#include "sensor/base/options.h"
#include "sensor/decode/packet.h"

namespace lapwing {

namespace decoding {
struct Walk;
}

/// `automatic`: verify, until among the first kChecksumSample frames more than one in kChecksumRatio had a wrong TCP
/// checksum; then the capturing host's offload is at work and verification ends for good. As Suricata does.
enum class ChecksumMode : uint8_t { none, all, automatic };
inline constexpr uint64_t kChecksumSample = 1000, kChecksumRatio = 10;

inline constexpr size_t kMaxTunnelPorts = 4;  // ports of one UDP tunnel
/// Packets one frame can hold: the outermost and one for each encapsulation.
inline constexpr size_t kMaxPackets = kMaxTunnel + 1;

/// [S]
struct DecodeConfig {
  bool vxlan = true, geneve = true, teredo = true, gtpu = true, erspan_type1 = false;
  std::vector<std::string> vxlan_ports, geneve_ports, teredo_ports, gtpu_ports;
  uint64_t max_layers = 0;
};
std::span<const OptionRow<DecodeConfig>> decode_options();
/// Reads the options; port lists are numbers, "any" or $NAME of vars.port-groups, at most kMaxTunnelPorts.
/// Throws SettingError.
DecodeConfig read_decode_config(const Setting& root);

/// [W] Stats paths "decoder.*" as Suricata names them.
struct DecodeCounters {
  uint64_t pkts = 0, bytes = 0, invalid = 0, ethernet = 0, vlan = 0, ipv4 = 0, ipv6 = 0, tcp = 0, udp = 0;
  uint64_t vlan_qinq = 0, vlan_qinqinq = 0, mpls = 0, ppp = 0, pppoe = 0, sll = 0, sll2 = 0, raw = 0, null = 0;
  uint64_t chdlc = 0, arp = 0, vntag = 0, etag = 0, ieee8021ah = 0, nsh = 0, unknown_ethertype = 0,
           unread_ethertype = 0;
  uint64_t icmpv4 = 0, icmpv6 = 0, igmp = 0, sctp = 0, esp = 0, ah = 0, gre = 0, erspan = 0;
  uint64_t vxlan = 0, geneve = 0, teredo = 0, gtpu = 0;
  uint64_t ipv4_in_ipv4 = 0, ipv4_in_ipv6 = 0, ipv6_in_ipv4 = 0, ipv6_in_ipv6 = 0;
  uint64_t max_pkt_size = 0, too_many_layers = 0, segmentation_offload = 0, checksum_offload = 0;
  uint64_t unknown_link_type = 0;
  uint64_t unknown_protocols_max = 0;  // frames of what is not decoded whose number is not told
  uint64_t llc = 0, ieee80211 = 0, radiotap = 0, ppi = 0, nflog = 0, macsec = 0, wccp = 0;
  uint64_t encrypted_link = 0, ieee80211_fragments = 0, ieee80211_aggregates = 0, ieee80211_bad_fcs = 0;
  uint64_t bad_ip_checksum = 0, bad_tcp_checksum = 0, bad_udp_checksum = 0, bad_icmp_checksum = 0;
  uint64_t max_packet_events = 0;  // events beyond kMaxPacketEvents of a packet
  uint64_t max_tunnel = 0;         // encapsulations beyond kMaxTunnel
  uint64_t max_vlan = 0;           // tags beyond kMaxVlan of a packet
  uint64_t dropped = 0;
};
/// "decoder.avg_pkt_size" is bytes / pkts and left to who writes the record.
std::span<const CounterRow<DecodeCounters>> decode_counter_rows();

/// What frames were, and how many packets had each event [W].
struct DecodeTally {
  DecodeCounters counters;
  std::array<uint64_t, kDecodeEventCount> events{};
};

/// A number in a frame that nothing decodes.
struct UnknownProtocol {
  enum class Kind : uint8_t { link_type, ether_type };

  Kind kind;
  uint16_t number;
  uint64_t frame;  // the first that had it

  bool is(Kind other_kind, uint16_t other) const { return kind == other_kind && number == other; }
};
inline constexpr size_t kMaxUnknownProtocols = 16;  // told by number

/// The first of each [W].
struct UnknownProtocols {
  std::array<UnknownProtocol, kMaxUnknownProtocols> known;
  size_t count = 0;

  /// False where there is no room for another.
  bool note(UnknownProtocol::Kind kind, uint16_t number, uint64_t frame);
  std::span<const UnknownProtocol> view() const { return std::span(known).first(count); }
};

/// The ports of one UDP tunnel, ready for the packet path [S].
struct TunnelPorts {
  bool any = false;
  uint8_t count = 0;
  std::array<uint16_t, kMaxTunnelPorts> ports{};

  bool has(uint16_t src, uint16_t dst) const {
    for (uint8_t i = 0; i < count; ++i) {
      if (ports[i] == src || ports[i] == dst) return true;
    }
    return any;
  }
};

/// DecodeConfig with its texts resolved [S].
struct DecodePlan {
  TunnelPorts teredo, geneve, vxlan, gtpu;
  bool erspan_type1 = false;
  uint32_t max_layers = 16;

  /// What a UDP datagram between these ports holds may be a tunnel's.
  bool opens(uint16_t src, uint16_t dst) const {
    return teredo.has(src, dst) || geneve.has(src, dst) || vxlan.has(src, dst) || gtpu.has(src, dst);
  }
};

/// Throws SettingError when a port list is wrong.
DecodePlan make_decode_plan(const DecodeConfig& config);

struct AddressPair {
  IpAddress src, dst;
};

/// Where several decode the same frames, who speaks for one: `shared` is decoded by all and counted by the first of
/// them, `own` by one alone.
enum class Share : uint8_t { shared, own };

/// Decodes frames of every link type, and whole IP packets from the defragmenter [W]. Never throws, never allocates.
class Decoder {
 public:
  /// Throws SettingError when a port list is wrong.
  Decoder(const DecodeConfig& config, ChecksumMode checksums);

  /// All packets of a frame, outermost first: one, and one more for each encapsulation that could be opened. Suricata
  /// treats each as a packet of its own, with a flow where wants_flow says so. `out` holds at least one, kMaxPackets
  /// always suffice. Each is filled as far as the bytes go; what is wrong with it is in its events.
  size_t decode(const Frame& frame, std::span<Packet> out, Share share = Share::shared);
  /// The innermost packet only.
  void decode(const Frame& frame, Packet& packet);

  /// Decodes a reassembled datagram: `ip` is the whole packet with a rewritten header; frame, time, number, VLANs and
  /// tunnels come from `last`, the fragment that completed it. `last` may not lie in `out`.
  size_t decode_reassembled(Bytes ip, const Packet& last, std::span<Packet> out);
  void decode_reassembled(Bytes ip, const Packet& last, Packet& packet);

  /// The addresses of a frame whose first headers show it to be one packet and nobody else's: no tunnel, fragment or
  /// quotation, whatever else is in it. None where only decoding tells.
  std::optional<AddressPair> peek(const Frame& frame) const;

  /// Of what is shared.
  const DecodeCounters& counters() const { return shared_.counters; }
  std::span<const UnknownProtocol> unknown() const { return unknown_.view(); }
  uint64_t event_count(DecodeAnomaly event) const { return shared_.events[static_cast<size_t>(event)]; }
  /// Adds the counters of a share, and "decoder.event.<name>" for every event seen in it.
  void add_counters(Share share, CounterSet& set) const;
  /// False when automatic mode has given up, or verification was never asked for.
  bool verifies_checksums() const { return verify_; }

 private:
  size_t decode(const Frame& frame, DecodeTally& tally, Packet& first, std::span<Packet> inner);
  size_t decode_reassembled(Bytes ip, const Packet& last, Packet& first, std::span<Packet> inner);
  static size_t finish(const decoding::Walk& walk, DecodeTally& tally);
  void end_sample();

  DecodePlan plan_;
  ChecksumMode checksums_;
  bool verify_;
  DecodeTally shared_, own_;
  UnknownProtocols unknown_;
  std::array<Packet, kMaxTunnel> inner_{};  // where the one-packet calls put what is inside
};

}  // namespace lapwing
