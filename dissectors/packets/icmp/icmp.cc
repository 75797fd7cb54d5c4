#include "dissectors/packets/icmp/icmp.h"

#include <algorithm>
#include <span>

#include "sensor/base/icmp.h"
#include "sensor/base/named_value.h"

namespace lapwing::icmp {

namespace {

constexpr uint8_t kIcmp = 1, kIcmp6 = 58;
constexpr size_t kHeader = 8, kAddress6 = 16;
constexpr size_t kMostEntries = 256;  // of lists in a record: more than a packet of 1500 bytes holds

constexpr NamedValue kNames4[] = {
    {"echo_reply", 0},         {"destination_unreachable", 3}, {"source_quench", 4},        {"redirect", 5},
    {"echo_request", 8},       {"router_advertisement", 9},    {"router_solicitation", 10}, {"time_exceeded", 11},
    {"parameter_problem", 12}, {"timestamp_request", 13},      {"timestamp_reply", 14},     {"information_request", 15},
    {"information_reply", 16}, {"mask_request", 17},           {"mask_reply", 18},
};
constexpr NamedValue kNames6[] = {
    {"destination_unreachable", 1},
    {"packet_too_big", 2},
    {"time_exceeded", 3},
    {"parameter_problem", 4},
    {"echo_request", 128},
    {"echo_reply", 129},
    {"listener_query", 130},
    {"listener_report", 131},
    {"listener_done", 132},
    {"router_solicitation", 133},
    {"router_advertisement", 134},
    {"neighbor_solicitation", 135},
    {"neighbor_advertisement", 136},
    {"redirect", 137},
    {"listener_report_v2", 143},
};
std::string_view name_of(std::span<const NamedValue> names, uint8_t type) {
  const auto found = std::ranges::find(names, type, &NamedValue::value);
  return found == names.end() ? std::string_view() : found->name;
}

/// TCP, UDP and SCTP begin with their ports.
bool has_ports(uint8_t proto) {
  return proto == 6 || proto == 17 || proto == 132;
}

void quote(Bytes packet, Message& out) {
  if (packet.empty()) return;
  Quoted& quoted = out.quoted;
  Bytes carried;
  bool first = true;  // fragment, or no fragment
  if (packet[0] >> 4 == 4 && packet.size() >= 20) {
    quoted = {.source = IpAddress::v4(&packet[12]), .target = IpAddress::v4(&packet[16]), .proto = packet[9]};
    first = (load_be16(&packet[6]) & 0x1fff) == 0;
    carried = packet.subspan(std::min<size_t>(packet.size(), std::max(20, (packet[0] & 15) * 4)));
  } else if (packet[0] >> 4 == 6 && packet.size() >= 40) {
    quoted = {.source = IpAddress::v6(&packet[8]), .target = IpAddress::v6(&packet[24]), .proto = packet[6]};
    carried = packet.subspan(40);
  } else {
    return;
  }
  out.with_quoted = true;
  if (!first || !has_ports(quoted.proto) || carried.size() < 4) return;
  quoted.source_port = load_be16(&carried[0]);
  quoted.target_port = load_be16(&carried[2]);
}

void take_id(Bytes bytes, Message& out) {
  out.id = load_be16(&bytes[4]);
  out.seq = load_be16(&bytes[6]);
  out.data = bytes.subspan(kHeader);
}

bool parse4(Bytes bytes, Message& out) {
  out.name = name_of(kNames4, bytes[0]);
  if (icmp_has_id(bytes[0])) return take_id(bytes, out), true;
  switch (bytes[0]) {
    case 3:
      if (bytes[1] == 4) out.mtu = load_be16(&bytes[6]);  // RFC 1191 section 4
      break;
    case 5: out.gateway = IpAddress::v4(&bytes[4]); break;
    case 12: out.pointer = bytes[4]; break;
    case 4:
    case 11: break;
    default: return true;
  }
  quote(bytes.subspan(kHeader), out);
  return true;
}

/// An address behind the header's 8 bytes, and those behind it.
bool take_address(Bytes& rest, std::optional<IpAddress>& out) {
  return next_address(rest, out.emplace());
}

/// Of a router among routers (RFC 4191 section 2.2); the reserved value means medium.
std::string_view preference_of(uint8_t flags) {
  switch (flags >> 3 & 3) {
    case 1: return "high";
    case 3: return "low";
    default: return "medium";
  }
}

bool parse6(Bytes bytes, Message& out) {
  out.name = name_of(kNames6, bytes[0]);
  if (icmpv6_has_id(bytes[0])) return take_id(bytes, out), true;
  Bytes rest = bytes.subspan(kHeader);
  switch (bytes[0]) {
    case 2: out.mtu = load_be32(&bytes[4]); return quote(rest, out), true;
    case 4: out.pointer = load_be32(&bytes[4]); return quote(rest, out), true;
    case 1:
    case 3: return quote(rest, out), true;
    case 130:
    case 131:
    case 132: return take_address(rest, out.group);
    case 133: break;
    case 134:
      if (rest.size() < 8) return false;
      out.hop_limit = bytes[4];
      out.managed = bytes[5] & 0x80;
      out.other = bytes[5] & 0x40;
      out.preference = preference_of(bytes[5]);
      out.lifetime = load_be16(&bytes[6]);
      rest = rest.subspan(8);
      break;
    case 136:
      out.router = bytes[4] & 0x80;
      out.solicited = bytes[4] & 0x40;
      out.overriding = bytes[4] & 0x20;
      [[fallthrough]];
    case 135:
      if (!take_address(rest, out.target)) return false;
      break;
    case 137:
      if (!take_address(rest, out.target) || !take_address(rest, out.destination)) return false;
      break;
    default: return true;
  }
  out.options = rest;
  return true;
}

const Table kShapes[] = {columns()};
const RecordRow kRecords[] = {
    {.type = "icmp", .help = "a message of ICMP or ICMPv6", .shapes = kShapes, .on_request = true},
};
const Protocol kProtocol{.name = "icmp",
                         .records = kRecords,
                         .help = "ICMP (RFC 792, RFC 4443) and neighbour discovery (RFC 4861)",
                         .most_entries = kMostEntries};

}  // namespace

bool next_option(Bytes& rest, Option& out) {
  if (rest.size() < 8) return false;
  const size_t size = 8 * size_t{rest[1]};
  if (size == 0 || size > rest.size()) return false;
  const Bytes option = rest.first(size);
  rest = rest.subspan(size);
  out = {.type = option[0]};
  switch (out.type) {
    case 1:  // of the source, of the target
    case 2: out.mac = option.subspan(2, 6); break;
    case 3:  // prefix
      if (size < 32) break;
      out.prefix_length = option[2];
      out.lifetime = load_be32(&option[4]);
      out.prefix = IpAddress::v6(&option[16]);
      break;
    case 5: out.mtu = load_be32(&option[4]); break;
    case 25:  // DNS servers
      out.lifetime = load_be32(&option[4]);
      out.servers = option.subspan(8);
      break;
    default: break;
  }
  return true;
}

bool next_address(Bytes& rest, IpAddress& out) {
  if (rest.size() < kAddress6) return false;
  out = IpAddress::v6(rest.data());
  rest = rest.subspan(kAddress6);
  return true;
}

bool parse(Bytes bytes, uint8_t ip_version, Message& out) {
  if (bytes.size() < kHeader) return false;
  out = Message();
  out.length = bytes.size() - kHeader;
  return ip_version == 4 ? parse4(bytes, out) : parse6(bytes, out);
}

extern const PacketDissectorRow kPacketRow;
const PacketDissectorRow kPacketRow{
    .protocol = &kProtocol, .selector = {.ipv4_proto = kIcmp, .ipv6_proto = kIcmp6}, .read = &read_as<&parse, Message>};

}  // namespace lapwing::icmp
