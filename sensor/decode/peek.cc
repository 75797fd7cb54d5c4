// What the fixed places of a frame's headers tell before it is decoded.
#include "sensor/decode/walk.h"

namespace lapwing {
namespace {

using namespace decoding;

constexpr uint16_t kEthernet = 1;             // LINKTYPE_ number
constexpr size_t kLayers = 1 + kMaxVlan + 1;  // that are looked behind, at most

/// Whether the transport header says nothing of other addresses: no tunnel, no ICMP error.
bool plain_transport(const DecodePlan& plan, uint8_t version, uint8_t proto, Bytes d) {
  constexpr uint8_t kEchoReply = 0, kEcho = 8, kFirstInformational = 128;  // RFC 792; RFC 4443, section 2.1
  switch (proto) {
    case ip_proto::tcp: return true;
    case ip_proto::udp:
      if (d.size() < 4) return false;
      return !plan.opens(load_be16(&d[0]), load_be16(&d[2]));
    case ip_proto::icmp: return version == 4 && !d.empty() && (d[0] == kEcho || d[0] == kEchoReply);
    case ip_proto::icmpv6: return version == 6 && !d.empty() && d[0] >= kFirstInformational;
    default: return false;
  }
}

/// An IPv4 header without options, with lengths that hold.
std::optional<AddressPair> peek_ipv4(const DecodePlan& plan, Bytes d) {
  constexpr uint16_t kFragment = 0x3fff;  // more fragments, and the offset
  constexpr size_t kHeader = 20;
  if (d.size() < kHeader || d[0] != 0x45) return std::nullopt;
  const size_t total = load_be16(&d[2]);
  if (total < kHeader || total > d.size() || load_be16(&d[6]) & kFragment) return std::nullopt;
  if (!plain_transport(plan, 4, d[9], d.first(total).subspan(kHeader))) return std::nullopt;
  return AddressPair{IpAddress::v4(&d[12]), IpAddress::v4(&d[16])};
}

std::optional<AddressPair> peek_ipv6(const DecodePlan& plan, Bytes d) {
  constexpr size_t kHeader = 40;
  if (d.size() < kHeader || d[0] >> 4 != 6) return std::nullopt;
  const size_t length = load_be16(&d[4]);
  if (length > d.size() - kHeader || !plain_transport(plan, 6, d[6], d.subspan(kHeader, length))) return std::nullopt;
  return AddressPair{IpAddress::v6(&d[8]), IpAddress::v6(&d[24])};
}

}  // namespace

std::optional<AddressPair> Decoder::peek(const Frame& frame) const {
  const bool sampling = checksums_ == ChecksumMode::automatic && frame.number <= kChecksumSample;
  if (sampling || frame.link_type != kEthernet || plan_.max_layers <= kLayers) return std::nullopt;
  Bytes d = frame.data;
  if (d.size() < 14) return std::nullopt;
  uint16_t type = load_be16(&d[12]);
  d = d.subspan(14);
  for (size_t tags = 0; type == ether_type::vlan || type == ether_type::provider_vlan || type == ether_type::qinq;) {
    if (++tags > kMaxVlan || d.size() < 4) return std::nullopt;
    type = load_be16(&d[2]);
    d = d.subspan(4);
  }
  if (type == ether_type::ipv4) return peek_ipv4(plan_, d);
  return type == ether_type::ipv6 ? peek_ipv6(plan_, d) : std::nullopt;
}

}  // namespace lapwing
