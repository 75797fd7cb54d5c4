// IP header.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

/// A row for a number of the packet: `get` returns false where the packet has none.
template <auto get, uint64_t max>
void ip_number(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  add_condition(rule, Needs::packet, parse_integer_test(rule.text(option), option.value_mark, max),
                [](const Scene& scene, const IntegerTest& test) {
                  uint64_t value = 0;
                  return scene.packet && get(*scene.packet, value) && test.matches(value);
                });
}

constexpr auto kTtl = [](const Packet& p, uint64_t& out) {
  out = p.ttl;
  return p.ip_version != 0;
};
constexpr auto kTos = [](const Packet& p, uint64_t& out) {
  out = p.tos;
  return p.ip_version == 4;
};
constexpr auto kIpId = [](const Packet& p, uint64_t& out) {
  out = p.ip_id;
  return p.ip_version == 4;
};
constexpr auto kFragOffset = [](const Packet& p, uint64_t& out) {
  out = p.fragment_offset / 8;  // the field counts units of 8 bytes
  return p.ip_version != 0 && (p.ip_version == 4 || p.is_fragment);
};

void sameip(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  add_condition(rule, Needs::any_packet, Nothing{}, [](const Scene& scene, const Nothing&) {
    return scene.packet && scene.packet->ip_version != 0 && scene.packet->src == scene.packet->dst;
  });
}

constexpr std::pair<std::string_view, uint8_t> kProtocolNames[] = {
    {"icmp", 1},   {"igmp", 2},  {"ipip", 4},  {"ip-in-ip", 4}, {"tcp", 6},    {"egp", 8},     {"udp", 17},
    {"ipv6", 41},  {"rsvp", 46}, {"gre", 47},  {"esp", 50},     {"ah", 51},    {"icmpv6", 58}, {"ipv6-icmp", 58},
    {"eigrp", 88}, {"ospf", 89}, {"pim", 103}, {"vrrp", 112},   {"l2tp", 115}, {"sctp", 132},  {"udplite", 136}};

void ip_proto_keyword(RuleBuilder& rule, const RuleOption& option) {
  std::string value(rule.text(option));
  std::string_view prefix = value;
  size_t signs = std::min(prefix.find_first_not_of("!<>= "), prefix.size());
  std::string name = to_lower(trim(prefix.substr(signs)));
  for (auto [known, number] : kProtocolNames) {
    if (known == name) value = value.substr(0, signs) + std::to_string(number);
  }
  const IntegerTest wanted = parse_integer_test(value, option.value_mark, UINT8_MAX);
  // So that the rule is not looked at in packets of other protocols.
  uint8_t transports = 0;
  for (unsigned number = 0; number <= UINT8_MAX; number++) {
    if (wanted.matches(number)) transports |= transport_of(static_cast<uint8_t>(number));
  }
  rule.rule().header.transports &= transports;
  add_condition(rule, Needs::any_packet, wanted, [](const Scene& scene, const IntegerTest& test) {
    return scene.packet && scene.packet->ip_version != 0 && test.matches(scene.packet->proto);
  });
}

struct FragmentFlagTest {
  uint8_t bits = 0;
  enum class How : uint8_t { exactly, all, any, none } how = How::exactly;
};

std::string words(const FragmentFlagTest& test) {
  static constexpr std::string_view kHow[] = {"exactly ", "all of ", "any of ", "not all of "};
  std::string out(kHow[static_cast<size_t>(test.how)]);
  for (auto [bit, letter] : {std::pair(4, 'R'), {2, 'D'}, {1, 'M'}}) {
    if (test.bits & bit) out += letter;
  }
  return out;
}

bool passes(uint8_t value, const FragmentFlagTest& test) {
  switch (test.how) {
    case FragmentFlagTest::How::exactly: return value == test.bits;
    case FragmentFlagTest::How::all: return (value & test.bits) == test.bits;
    case FragmentFlagTest::How::any: return (value & test.bits) != 0;
    case FragmentFlagTest::How::none: return (value & test.bits) != test.bits;
  }
  return false;
}

/// Bits of the flags field: reserved, don't fragment, more fragments.
void fragbits(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  FragmentFlagTest test;
  for (char c : rule.text(option)) {
    switch (c) {
      case '+': test.how = FragmentFlagTest::How::all; break;
      case '*': test.how = FragmentFlagTest::How::any; break;
      case '!': test.how = FragmentFlagTest::How::none; break;
      case 'R':
      case 'r': test.bits |= 4; break;
      case 'D':
      case 'd': test.bits |= 2; break;
      case 'M':
      case 'm': test.bits |= 1; break;
      case ',':
      case ' ': break;
      default: rule.fail(option, std::string("'") + c + "' is none of M, D, R with + * or !");
    }
  }
  if (test.bits == 0) rule.fail(option, "names no bit; they are M, D and R");
  add_condition(rule, Needs::packet, test, [](const Scene& scene, const FragmentFlagTest& flags) {
    if (!scene.packet || scene.packet->ip_version != 4 || scene.packet->ip_header.size() < 8) return false;
    return passes(static_cast<uint8_t>(scene.packet->ip_header[6] >> 5), flags);
  });
}

/// Option numbers of RFC 791 and the IANA registry; 0xff00: any.
constexpr std::pair<std::string_view, uint16_t> kIpOptions[] = {
    {"rr", 7},     {"lsrr", 131},  {"eol", 0}, {"nop", 1},     {"ts", 68},      {"sec", 130},   {"esec", 133},
    {"ssrr", 137}, {"satid", 136}, {"qs", 25}, {"cipso", 134}, {"rtralt", 148}, {"any", 0xff00}};

struct OptionTest {
  uint16_t wanted = 0;
};

std::string words(const OptionTest& test) {
  for (auto [name, number] : kIpOptions) {
    if (number == test.wanted) return std::string(name);
  }
  return {};
}

bool has_ip_option(const Packet& packet, uint16_t wanted) {
  if (packet.ip_version != 4 || packet.ip_header.size() <= 20) return false;
  if (wanted == 0xff00) return true;
  Bytes options = packet.ip_header.subspan(20);
  for (size_t i = 0; i < options.size();) {
    uint8_t kind = options[i];
    if (kind == wanted) return true;
    if (kind == 0) return false;
    size_t size = kind == 1 ? 1 : i + 1 < options.size() ? options[i + 1] : 0;
    if (size == 0) return false;
    i += size;
  }
  return false;
}

void ipopts(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  std::string name = to_lower(rule.text(option));
  auto found =
      std::find_if(std::begin(kIpOptions), std::end(kIpOptions), [&](const auto& row) { return row.first == name; });
  if (found == std::end(kIpOptions)) rule.fail(option, "'" + name + "' is no IP option");
  add_condition(rule, Needs::packet, OptionTest{found->second}, [](const Scene& scene, const OptionTest& test) {
    return scene.packet && has_ip_option(*scene.packet, test.wanted);
  });
}

constexpr Keyword kIpKeywords[] = {
    {"ttl", "", &ip_number<kTtl, UINT8_MAX>, "IP time to live, or hop limit"},
    {"tos", "", &ip_number<kTos, UINT8_MAX>, "IPv4 type of service"},
    {"id", "", &ip_number<kIpId, UINT16_MAX>, "IPv4 identification"},
    {"fragoffset", "", &ip_number<kFragOffset, 8191>, "IP fragment offset in units of 8 bytes"},
    {"fragbits", "", &fragbits, "bits of the IPv4 flags"},
    {"sameip", "", &sameip, "source and destination address are equal"},
    {"ip_proto", "", &ip_proto_keyword, "transport protocol by name or number"},
    {"ipopts", "", &ipopts, "an IPv4 option is present"},
};

}  // namespace

const KeywordFamily kIpFamily{"ip", kIpKeywords};

}  // namespace lapwing::rules
