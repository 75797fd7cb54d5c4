#include "tests/signatures/differential/header_sample.h"

#include <fmt/format.h>

namespace lapwing::test {

namespace {

constexpr uint32_t ip(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

const std::vector<uint32_t> kAddresses = {ip(10, 0, 0, 1),    ip(10, 0, 0, 2),   ip(10, 0, 1, 0),
                                          ip(10, 1, 0, 1),    ip(10, 255, 0, 7), ip(192, 168, 0, 1),
                                          ip(192, 168, 1, 9), ip(1, 2, 3, 4),    ip(172, 16, 0, 1)};
const std::vector<uint16_t> kPorts = {1, 2, 3, 4, 22, 79, 80, 81, 443, 1023, 1024, 8080, 65535};

std::string ip_text(uint32_t a) {
  return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

std::string text(const RangeTerm& term) {
  std::string out = term.negated ? "!" : "";
  if (term.members.empty()) return out + term.text;
  for (size_t i = 0; i < term.members.size(); i++) out += (i == 0 ? "[" : ",") + text(term.members[i]);
  return out + "]";
}

bool contains(const RangeTerm& term, uint32_t value) {
  if (term.members.empty()) return (term.low <= value && value <= term.high) != term.negated;
  bool within = true, positive = false;
  for (const RangeTerm& member : term.members) positive = positive || !member.negated;
  if (positive) {
    within = false;
    for (const RangeTerm& member : term.members) within = within || (!member.negated && contains(member, value));
  }
  for (const RangeTerm& member : term.members) within = within && (!member.negated || contains(member, value));
  return within != term.negated;
}

}  // namespace

std::string header_text(const HeaderRule& rule, uint32_t sid) {
  return fmt::format("alert {} {} {} {} {} {} ({}sid:{};)", rule.protocol, text(rule.source), text(rule.source_port),
                     rule.arrow, text(rule.destination), text(rule.destination_port),
                     rule.content ? "content:\"x\"; " : "", sid);
}

std::string describe(const HeaderPacket& packet) {
  return fmt::format("{} {} {} -> {} {}", packet.protocol, ip_text(packet.source), packet.source_port,
                     ip_text(packet.destination), packet.destination_port);
}

LabPacket lab_packet(const HeaderPacket& packet, int flow) {
  LabPacket out;
  out.flow = flow;
  out.payload = "axb";
  out.layers.ether().ipv4(ip_text(packet.source), ip_text(packet.destination));
  if (packet.protocol == "udp") out.layers.udp(packet.source_port, packet.destination_port);
  if (packet.protocol == "tcp") out.layers.tcp(packet.source_port, packet.destination_port).flags(0x18);
  if (packet.protocol == "icmp") out.layers.icmp(8);
  return out;
}

bool naive_match(const HeaderRule& rule, const HeaderPacket& packet) {
  const std::string protocol = rule.protocol.substr(0, rule.protocol.find('-'));
  if (protocol != "ip" && protocol != packet.protocol) return false;
  const bool ports = packet.protocol != "icmp";
  auto side = [&](const RangeTerm& address, const RangeTerm& port, uint32_t a, uint16_t p) {
    const bool any = port.members.empty() && !port.negated && port.text == "any";
    return contains(address, a) && (any || (ports && contains(port, p)));
  };
  const bool forth = side(rule.source, rule.source_port, packet.source, packet.source_port) &&
                     side(rule.destination, rule.destination_port, packet.destination, packet.destination_port);
  const bool back = rule.arrow == "<>" &&
                    side(rule.source, rule.source_port, packet.destination, packet.destination_port) &&
                    side(rule.destination, rule.destination_port, packet.source, packet.source_port);
  return forth || back;
}

template <class Leaf>
RangeTerm HeaderGenerator::list(int level, Leaf leaf) {
  RangeTerm out;
  for (int64_t n = dice_.between(1, 4); n > 0; n--) {
    out.members.push_back(leaf(level + 1));
    out.members.back().negated = dice_.percent(35);
  }
  return out;
}

RangeTerm HeaderGenerator::address(int level) {
  if (dice_.percent(level == 0 ? 35 : level == 1 ? 20 : 0))
    return list(level, [this](int deeper) { return address(deeper); });
  RangeTerm out;
  const uint64_t form = dice_.below(10);
  const uint32_t base = dice_.any(kAddresses);
  out.text = "any";
  if (form < 3 && level == 0) return out;
  if (form < 5) {
    out.low = out.high = base;
    out.text = ip_text(base);
  } else if (form < 8) {
    static const std::vector<uint32_t> kLengths = {8, 16, 24, 31, 32};
    const uint32_t length = dice_.any(kLengths);
    const uint32_t mask = 0xffffffffu << (32 - length);
    out.low = base & mask;
    out.high = base | ~mask;
    out.text = fmt::format("{}/{}", ip_text(out.low), length);
  } else if (form == 8) {
    out.low = base;
    out.high = base + static_cast<uint32_t>(dice_.below(300));
    out.text = fmt::format("{}-{}", ip_text(out.low), ip_text(out.high));
  } else {
    out.low = ip(10, 0, 0, 0);
    out.high = ip(10, 255, 255, 255);
    out.text = "$HOME_NET";
  }
  if (level == 0) out.negated = dice_.percent(20);
  return out;
}

RangeTerm HeaderGenerator::port(int level) {
  if (dice_.percent(level == 0 ? 30 : level == 1 ? 20 : 0))
    return list(level, [this](int deeper) { return port(deeper); });
  RangeTerm out;
  out.text = "any";
  const uint64_t form = dice_.below(10);
  const uint16_t base = dice_.any(kPorts);
  if (form < 5 && level == 0) return out;
  out.low = out.high = base;
  if (form < 6) {
    out.text = std::to_string(base);
  } else if (form == 6) {
    out.low = 0;
    out.text = fmt::format(":{}", base);
  } else if (form == 7) {
    out.high = 65535;
    out.text = fmt::format("{}:", base);
  } else if (form == 8) {
    out.high = std::min<uint32_t>(65535, base + static_cast<uint32_t>(dice_.below(100)));
    out.text = fmt::format("{}:{}", out.low, out.high);
  } else {
    out.low = out.high = 80;
    out.text = "$HTTP_PORTS";
  }
  if (level == 0) out.negated = dice_.percent(20);
  return out;
}

HeaderRule HeaderGenerator::rule() {
  static const std::vector<std::string> kProtocols = {"udp", "tcp-pkt", "icmp", "ip", "udp", "ip"};
  HeaderRule out;
  out.protocol = dice_.any(kProtocols);
  out.arrow = dice_.percent(25) ? "<>" : "->";
  out.source = address(0);
  out.destination = address(0);
  out.source_port.text = out.destination_port.text = "any";
  if (out.protocol != "icmp") {
    out.source_port = port(0);
    out.destination_port = port(0);
  }
  out.content = dice_.percent(40);
  return out;
}

HeaderPacket HeaderGenerator::packet() {
  static const std::vector<std::string> kProtocols = {"udp", "tcp", "icmp"};
  HeaderPacket out;
  out.protocol = dice_.any(kProtocols);
  out.source = dice_.any(kAddresses);
  do out.destination = dice_.any(kAddresses);
  while (out.destination == out.source);
  out.source_port = dice_.any(kPorts);
  out.destination_port = dice_.any(kPorts);
  return out;
}

}  // namespace lapwing::test
