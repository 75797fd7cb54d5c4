// PacketBuilder: frames for tests, layer by layer from the outside in.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/base/frame.h"
#include "sensor/base/time.h"
#include "sensor/capture/held_frames.h"

namespace lapwing::test {

using BuiltFrame = HeldFrame;

/// "0a ff:10" -> bytes; separators are ignored, anything else aborts the test.
std::vector<uint8_t> from_hex(std::string_view text);

/// The Internet checksum (RFC 1071) of `bytes`, starting from the folded or unfolded sum `start`.
uint16_t internet_checksum(Bytes bytes, uint32_t start = 0);

/// Every layer call appends a layer inside the last one; the setters below it change that layer. Lengths, protocol
/// numbers, UDP and tunnel ports and checksums are worked out by build(); a setter overrides them.
///
///   auto frame = PacketBuilder().ether().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80).syn().build();
class PacketBuilder {
 public:
  // Link layers. A builder that starts with an IP layer makes LINKTYPE_RAW; one that starts with ppp(), sll(), ...
  // makes that link type.
  PacketBuilder& ether(std::string_view src = "02:00:00:00:00:01", std::string_view dst = "02:00:00:00:00:02");
  PacketBuilder& ether_type(uint16_t type);  // of the last ether, vlan, sll or gre layer
  PacketBuilder& vlan(uint16_t id, uint8_t priority = 0, uint16_t tpid = 0x8100);
  PacketBuilder& mpls(uint32_t label, uint8_t ttl = 64);  // bottom-of-stack is set on the last one
  PacketBuilder& pppoe(uint16_t session = 1);
  PacketBuilder& pppoe_discovery(uint8_t code, Bytes tags = {});
  PacketBuilder& ppp();
  PacketBuilder& sll();
  PacketBuilder& sll2(uint32_t interface_index = 1);
  PacketBuilder& null_link(bool big_endian = false);
  PacketBuilder& loop_link();
  PacketBuilder& chdlc();
  PacketBuilder& arp(uint16_t operation = 1, std::string_view sender = "10.0.0.1",
                     std::string_view target = "10.0.0.2");

  // IPv4
  PacketBuilder& ipv4(std::string_view src = "10.0.0.1", std::string_view dst = "10.0.0.2");
  PacketBuilder& ttl(uint8_t value);  // or hop limit
  PacketBuilder& tos(uint8_t value);  // or traffic class
  PacketBuilder& id(uint16_t value);
  PacketBuilder& dont_fragment();
  PacketBuilder& fragment(uint16_t offset_bytes, bool more, uint32_t identification = 1);  // IPv6: adds the header
  PacketBuilder& proto(uint8_t number);      // of the last IP or extension header
  PacketBuilder& ip_options(Bytes options);  // padded with zeros to a multiple of 4
  PacketBuilder& total_length(uint16_t value);
  PacketBuilder& bad_ip_checksum();

  // IPv6 and its extension headers
  PacketBuilder& ipv6(std::string_view src = "2001:db8::1", std::string_view dst = "2001:db8::2");
  PacketBuilder& hop_by_hop(Bytes options = {});  // padded with PadN to a multiple of 8
  PacketBuilder& destination_options(Bytes options = {});
  PacketBuilder& routing(uint8_t type = 2, uint8_t segments_left = 0, Bytes data = {});
  PacketBuilder& ah(uint32_t spi = 1);
  PacketBuilder& esp(uint32_t spi = 1);

  // Transport
  PacketBuilder& tcp(uint16_t src_port, uint16_t dst_port);
  PacketBuilder& seq(uint32_t value);
  PacketBuilder& ack(uint32_t value);  // sets the ACK flag too
  PacketBuilder& flags(uint8_t value);
  PacketBuilder& syn();
  PacketBuilder& syn_ack(uint32_t acknowledged);
  PacketBuilder& fin();
  PacketBuilder& rst();
  PacketBuilder& psh();
  PacketBuilder& window(uint16_t value);
  PacketBuilder& urgent(uint16_t value);      // sets the URG flag too
  PacketBuilder& tcp_options(Bytes options);  // padded with zeros to a multiple of 4
  PacketBuilder& udp(uint16_t src_port, uint16_t dst_port);
  PacketBuilder& udp_length(uint16_t value);
  PacketBuilder& no_udp_checksum();
  PacketBuilder& sctp(uint16_t src_port, uint16_t dst_port, uint32_t tag = 1);
  PacketBuilder& sctp_chunk(uint8_t type, uint8_t chunk_flags, Bytes value);
  PacketBuilder& icmp(uint8_t type, uint8_t code = 0, uint16_t id = 0, uint16_t seq = 0);
  PacketBuilder& icmpv6(uint8_t type, uint8_t code = 0, uint16_t id = 0, uint16_t seq = 0);
  PacketBuilder& igmp(uint8_t type = 0x16, std::string_view group = "224.0.0.251");
  PacketBuilder& bad_l4_checksum();

  // Tunnels; the carrying UDP layer's ports are the caller's
  PacketBuilder& gre();  // version 0; checksum, key, sequence in this order
  PacketBuilder& gre_key(uint32_t key);
  PacketBuilder& gre_seq(uint32_t value);
  PacketBuilder& gre_checksum();
  PacketBuilder& pptp(uint16_t call_id,
                      uint32_t sequence = 1);  // GRE version 1, PPP inside without address and control
  PacketBuilder& erspan1();
  PacketBuilder& erspan2(uint16_t session = 1, uint16_t vlan = 0);
  PacketBuilder& erspan3(uint16_t session = 1, uint16_t vlan = 0);
  PacketBuilder& vxlan(uint32_t vni);
  PacketBuilder& geneve(uint32_t vni, Bytes options = {});
  PacketBuilder& gtpu(uint32_t teid, uint8_t message = 255);

  // Content
  PacketBuilder& payload(Bytes bytes);
  PacketBuilder& payload(std::string_view text) { return payload(to_bytes(text)); }
  /// A header of bytes as they are.
  PacketBuilder& raw(Bytes bytes);
  /// Zeros after the IP packet up to `frame_size` bytes, as Ethernet pads.
  PacketBuilder& pad(size_t frame_size);
  /// Captured bytes; the wire length stays.
  PacketBuilder& snap(size_t captured);
  PacketBuilder& link_type(uint16_t value);
  PacketBuilder& time(Timestamp value);
  PacketBuilder& number(uint64_t value);

  BuiltFrame build() const;
  /// The packet as IP fragments of the outermost IP layer, each with at most `data_bytes` of its payload (rounded
  /// down to 8), in order.
  std::vector<BuiltFrame> fragments(size_t data_bytes, uint32_t identification = 1) const;

 private:
  enum class Kind : uint8_t {
    ether,
    vlan,
    mpls,
    pppoe,
    ppp,
    sll,
    sll2,
    null_link,
    loop_link,
    chdlc,
    arp,
    ipv4,
    ipv6,
    hop_by_hop,
    destination_options,
    routing,
    fragment6,
    ah,
    esp,
    tcp,
    udp,
    sctp,
    icmp,
    icmpv6,
    igmp,
    gre,
    erspan,
    vxlan,
    geneve,
    gtpu,
    payload,
    raw
  };
  struct Layer {
    Kind kind;
    std::vector<uint8_t> header;
    bool fixed_type = false, fixed_length = false, bad_checksum = false, no_checksum = false;
  };

  static constexpr size_t kNone = SIZE_MAX;
  PacketBuilder& add(Kind kind, std::vector<uint8_t> header);
  Layer& last(std::initializer_list<Kind> kinds);
  PacketBuilder& tcp_flag(uint8_t flag);
  PacketBuilder& gre_field(uint8_t bit, uint32_t value);
  uint8_t protocol_of(size_t index) const;
  uint16_t ether_type_of(size_t index) const;
  size_t ip_before(size_t index) const;
  uint32_t pseudo_header_sum(size_t index, size_t length, uint8_t protocol) const;
  std::vector<uint8_t> assemble(size_t from) const;
  void finish(size_t index, std::vector<uint8_t>& header, const std::vector<uint8_t>& body) const;
  uint16_t outer_link_type() const;

  std::vector<Layer> layers_;
  size_t pad_ = 0, snap_ = kNone;
  int link_type_ = -1;
  Timestamp time_ = Timestamp::from_seconds(1'700'000'000);
  uint64_t number_ = 1;
};

}  // namespace lapwing::test
