// Whether checksums hold. Where they are not verified they count as valid.
#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

struct Validity {
  bool valid = true;
};

std::string words(const Validity& wanted) {
  return wanted.valid ? "valid" : "invalid";
}

template <uint8_t version, uint8_t protocol>
void checksum(RuleBuilder& rule, const RuleOption& option) {
  std::string value = to_lower(rule.text(option));
  if (value != "valid" && value != "invalid") rule.fail(option, "'" + value + "' is none of valid, invalid");
  rule.require_packet(option);
  add_condition(rule, Needs::packet, Validity{value == "valid"}, [](const Scene& scene, const Validity& wanted) {
    const Packet* p = scene.packet;
    if (!p || p->ip_version != version) return false;
    if constexpr (protocol == 0) return p->bad_checksum_ip != wanted.valid;
    if (!p->is(protocol)) return false;
    // RFC 768: a zero says that the sender made none, which is neither right nor wrong.
    if (protocol == ip_proto::udp && p->l4_header[6] == 0 && p->l4_header[7] == 0) return false;
    return p->bad_checksum_l4 != wanted.valid;
  });
}

constexpr Keyword kChecksumKeywords[] = {
    {"ipv4-csum", "", &checksum<4, 0>, "the IPv4 header checksum is valid or invalid"},
    {"tcpv4-csum", "", &checksum<4, ip_proto::tcp>, "the TCP checksum over IPv4 is valid or invalid"},
    {"tcpv6-csum", "", &checksum<6, ip_proto::tcp>, "the TCP checksum over IPv6 is valid or invalid"},
    {"udpv4-csum", "", &checksum<4, ip_proto::udp>, "the UDP checksum over IPv4 is valid or invalid"},
    {"udpv6-csum", "", &checksum<6, ip_proto::udp>, "the UDP checksum over IPv6 is valid or invalid"},
    {"icmpv4-csum", "", &checksum<4, ip_proto::icmp>, "the ICMP checksum is valid or invalid"},
    {"icmpv6-csum", "", &checksum<6, ip_proto::icmpv6>, "the ICMPv6 checksum is valid or invalid"},
    {"igmp-csum", "", &checksum<4, ip_proto::igmp>, "the IGMP checksum is valid or invalid"},
};

}  // namespace

const KeywordFamily kChecksumFamily{"checksum", kChecksumKeywords};

}  // namespace lapwing::rules
