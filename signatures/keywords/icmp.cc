// ICMP and ICMPv6 header.
#include "sensor/base/icmp.h"

#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

template <auto get, uint64_t max>
void icmp_number(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  add_condition(rule, Needs::packet, parse_integer_test(rule.text(option), option.value_mark, max),
                [](const Scene& scene, const IntegerTest& test) {
                  uint64_t value = 0;
                  const Packet* p = scene.packet;
                  return p && (p->is(ip_proto::icmp) || p->is(ip_proto::icmpv6)) && get(*p, value) &&
                         test.matches(value);
                });
}

bool has_id(const Packet& p) {
  return p.proto == ip_proto::icmpv6 ? icmpv6_has_id(p.icmp_type) : icmp_has_id(p.icmp_type);
}

constexpr auto kType = [](const Packet& p, uint64_t& out) {
  out = p.icmp_type;
  return true;
};
constexpr auto kCode = [](const Packet& p, uint64_t& out) {
  out = p.icmp_code;
  return true;
};
constexpr auto kIcmpId = [](const Packet& p, uint64_t& out) {
  out = p.icmp_id;
  return has_id(p);
};
constexpr auto kIcmpSeq = [](const Packet& p, uint64_t& out) {
  out = p.icmp_seq;
  return has_id(p);
};

/// RFC 4443 section 3.2: in the message's second word.
constexpr auto kMtu = [](const Packet& p, uint64_t& out) {
  if (!p.is(ip_proto::icmpv6) || p.icmp_type != 2) return false;
  out = uint64_t{p.icmp_id} << 16 | p.icmp_seq;
  return true;
};

constexpr Keyword kIcmpKeywords[] = {
    {"itype", "", &icmp_number<kType, UINT8_MAX>, "ICMP type"},
    {"icode", "", &icmp_number<kCode, UINT8_MAX>, "ICMP code"},
    {"icmp_id", "", &icmp_number<kIcmpId, UINT16_MAX>, "ICMP identifier"},
    {"icmp_seq", "", &icmp_number<kIcmpSeq, UINT16_MAX>, "ICMP sequence number"},
    {"icmpv6.mtu", "", &icmp_number<kMtu, UINT32_MAX>, "MTU of an ICMPv6 packet-too-big message"},
};

}  // namespace

const KeywordFamily kIcmpFamily{"icmp", kIcmpKeywords};

}  // namespace lapwing::rules
