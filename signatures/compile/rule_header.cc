#include "signatures/compile/rule_header.h"

#include "sensor/base/text.h"
#include "sensor/decode/packet.h"
#include "signatures/compile/keyword.h"

namespace lapwing::rules {

namespace {

struct Row {
  std::string_view name;
  uint8_t transports;
  bool v4 = true, v6 = true, without_ip = false, packet_only = false, stream_only = false;
  uint8_t ip_proto = 0;
};

using namespace transport_bit;
constexpr Row kRows[] = {
    {"ip", all},
    {"tcp", tcp},
    {"udp", udp},
    {"icmp", icmp | icmpv6},
    {"icmpv4", icmp},
    {"icmpv6", icmpv6},
    {"sctp", sctp},
    {"igmp", other, true, false, false, true, false, ip_proto::igmp},
    {"ipv4", all, true, false},
    {"ip4", all, true, false},
    {"ipv6", all, false, true},
    {"ip6", all, false, true},
    {"pkthdr", all, true, true, true},
    {"tcp-pkt", tcp, true, true, false, true},
    {"tcp-stream", tcp, true, true, false, false, true},
};

}  // namespace

HeaderProtocol find_header_protocol(std::string_view written, const BufferTable& buffers) {
  const std::string name = to_lower(written);
  HeaderProtocol found;
  for (const Row& row : kRows) {
    if (row.name != name) continue;
    found.header.transports = row.transports;
    found.header.ip_proto = row.ip_proto;
    found.header.v4 = row.v4;
    found.header.v6 = row.v6;
    found.header.without_ip = row.without_ip;
    found.packet_only = row.packet_only;
    found.stream_only = row.stream_only;
    return found;
  }
  found.header.protocols = buffers.protocols_named(name);
  found.header.transports = tcp | udp;
  if (found.header.protocols.empty()) {
    found.kind = is_known_protocol(name) ? HeaderProtocol::Kind::missing : HeaderProtocol::Kind::unknown;
  }
  return found;
}

}  // namespace lapwing::rules
