#include "dissectors/packets/dhcpv6/dhcpv6.h"

#include <algorithm>

#include "sensor/base/named_value.h"

namespace lapwing::dhcpv6 {

namespace {

constexpr uint8_t kUdp = 17;
constexpr uint16_t kClientPort = 546, kServerPort = 547;
constexpr size_t kHeader = 4, kOption = 4, kAddress = 16;
constexpr size_t kMostEntries = 4096;  // of lists: a datagram has room for no more

/// RFC 8415 section 21, RFC 3646 section 3.
enum Code : uint16_t { kClient = 1, kLasting = 3, kTemporary = 4, kAssigned = 5, kResolvers = 23 };

/// RFC 8415 section 7.3; 12 and 13 are between relays and servers, and of another form.
constexpr NamedValue kTypes[] = {{"solicit", 1},
                                 {"advertise", 2},
                                 {"request", 3},
                                 {"confirm", 4},
                                 {"renew", 5},
                                 {"rebind", 6},
                                 {"reply", 7},
                                 {"release", 8},
                                 {"decline", 9},
                                 {"reconfigure", 10},
                                 {"information_request", 11}};

/// Takes the next option off the front.
bool next_option(Bytes& rest, uint16_t& code, Bytes& value) {
  if (rest.size() < kOption) return false;
  const size_t size = load_be16(&rest[2]);
  if (rest.size() - kOption < size) return false;
  code = load_be16(&rest[0]);
  value = rest.subspan(kOption, size);
  rest = rest.subspan(kOption + size);
  return true;
}

/// A DUID made of a station's address, with a time or without (RFC 8415 sections 11.2, 11.4).
std::optional<std::array<uint8_t, 6>> station_of(Bytes id) {
  constexpr uint16_t kWithTime = 1, kAlone = 3, kEthernet = 1;
  constexpr size_t kBefore = 4, kTime = 4, kStation = 6;
  if (id.size() < kBefore + kStation || load_be16(&id[2]) != kEthernet) return std::nullopt;
  const uint16_t type = load_be16(&id[0]);
  const size_t at = kBefore + (type == kWithTime ? kTime : 0);
  if ((type != kWithTime && type != kAlone) || id.size() != at + kStation) return std::nullopt;
  std::array<uint8_t, 6> out;
  std::ranges::copy(id.subspan(at), out.begin());
  return out;
}

/// Of an association: an option within its own.
std::optional<IpAddress> assigned_in(Bytes options) {
  uint16_t code = 0;
  for (Bytes value; next_option(options, code, value);) {
    if (code == kAssigned && value.size() >= kAddress) return IpAddress::v6(value.data());
  }
  return std::nullopt;
}

/// Of what comes again the first counts.
void take(uint16_t code, Bytes value, Message& out) {
  constexpr size_t kLastingHeader = 12, kTemporaryHeader = 4;
  switch (code) {
    case kClient:
      if (!out.client) out.client = station_of(value);
      break;
    case kLasting:
    case kTemporary: {
      const size_t header = code == kLasting ? kLastingHeader : kTemporaryHeader;
      if (!out.assigned && value.size() >= header) out.assigned = assigned_in(value.subspan(header));
      break;
    }
    case kResolvers:
      if (out.resolvers.empty()) out.resolvers = value;
      break;
    default: break;
  }
}

const Table kObserved = columns();
const Protocol kProtocol{.name = "dhcpv6",
                         .help = "assignment of IPv6 addresses (RFC 8415)",
                         .observed = kObserved,
                         .most_entries = kMostEntries};

}  // namespace

bool next_address(Bytes& rest, IpAddress& out) {
  if (rest.size() < kAddress) return false;
  out = IpAddress::v6(rest.data());
  rest = rest.subspan(kAddress);
  return true;
}

bool parse(Bytes bytes, Message& out) {
  Datagram datagram;
  if (!read_datagram(bytes, datagram) || datagram.payload.size() < kHeader) return false;
  Bytes rest = datagram.payload;
  const auto* named = std::ranges::find(kTypes, rest[0], &NamedValue::value);
  if (named == std::end(kTypes)) return false;
  out = Message();
  out.target_port = datagram.target;
  out.kind = named->name;
  out.id = load_be32(rest.data()) & 0xffffff;
  rest = rest.subspan(kHeader);
  uint16_t code = 0;
  for (Bytes value; next_option(rest, code, value);) take(code, value, out);
  return true;
}

extern const PacketDissectorRow kPacketRow;
const PacketDissectorRow kPacketRow{.protocol = &kProtocol,
                                    .selector = {.ipv6_proto = kUdp, .ports = {kClientPort, kServerPort}},
                                    .read = &read_as<&parse, Message>};

}  // namespace lapwing::dhcpv6
