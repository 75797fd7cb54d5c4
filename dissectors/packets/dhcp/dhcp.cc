#include "dissectors/packets/dhcp/dhcp.h"

#include <algorithm>

#include "sensor/base/named_value.h"

namespace lapwing::dhcp {

namespace {

constexpr uint8_t kUdp = 17, kEthernet = 1;
constexpr uint16_t kServerPort = 67, kClientPort = 68;
// RFC 2131 section 2: a fixed part, whose two texts may hold options as well, then a cookie and options.
constexpr size_t kName = 44, kNameSize = 64, kFile = 108, kFileSize = 128, kOptions = 240;
constexpr uint32_t kCookie = 0x63825363;
constexpr size_t kAddress = 4;
constexpr size_t kMostEntries = 64;  // of lists: an option has room for no more

enum Code : uint8_t {
  kPad = 0,
  kMask = 1,
  kRouters = 3,
  kResolvers = 6,
  kOverload = 52,
  kType = 53,
  kServer = 54,
  kEnd = 255
};

/// RFC 2132 section 9.6.
constexpr NamedValue kTypes[] = {{"discover", 1}, {"offer", 2}, {"request", 3}, {"decline", 4},
                                 {"ack", 5},      {"nak", 6},   {"release", 7}, {"inform", 8}};

std::optional<IpAddress> address_at(Bytes bytes) {
  if (bytes.size() < kAddress || load_be32(bytes.data()) == 0) return std::nullopt;
  return IpAddress::v4(bytes.data());
}

struct Read {
  uint8_t type = 0, overload = 0;
};

/// Of an option that comes again the first counts: what RFC 3396 would have joined is longer than any that is read
/// here.
void take(uint8_t code, Bytes value, Message& out, Read& read) {
  switch (code) {
    case kMask:
      if (!out.mask) out.mask = address_at(value);
      break;
    case kServer:
      if (!out.server) out.server = address_at(value);
      break;
    case kRouters:
      if (out.routers.empty()) out.routers = value;
      break;
    case kResolvers:
      if (out.resolvers.empty()) out.resolvers = value;
      break;
    case kType:
      if (read.type == 0 && !value.empty()) read.type = value[0];
      break;
    case kOverload:
      if (!value.empty()) read.overload = value[0];
      break;
    default: break;
  }
}

void read_options(Bytes rest, Message& out, Read& read) {
  while (!rest.empty() && rest[0] != kEnd) {
    if (rest[0] == kPad) {
      rest = rest.subspan(1);
      continue;
    }
    if (rest.size() < 2 || rest.size() - 2 < rest[1]) return;
    take(rest[0], rest.subspan(2, rest[1]), out, read);
    rest = rest.subspan(size_t{2} + rest[1]);
  }
}

const Table kObserved = columns();
const Protocol kProtocol{
    .name = "dhcp", .help = "assignment of addresses (RFC 2131)", .observed = kObserved, .most_entries = kMostEntries};

}  // namespace

bool next_address(Bytes& rest, IpAddress& out) {
  if (rest.size() < kAddress) return false;
  out = IpAddress::v4(rest.data());
  rest = rest.subspan(kAddress);
  return true;
}

bool parse(Bytes bytes, Message& out) {
  Datagram datagram;
  if (!read_datagram(bytes, datagram)) return false;
  const Bytes all = datagram.payload;
  if (all.size() < kOptions || all[1] != kEthernet || all[2] != 6 || load_be32(&all[kOptions - 4]) != kCookie) {
    return false;
  }
  out = Message();
  out.target_port = datagram.target;
  out.id = load_be32(&all[4]);
  out.assigned = address_at(all.subspan(16));
  out.relay = address_at(all.subspan(24));
  std::ranges::copy(all.subspan(28, 6), out.client.begin());
  Read read;
  read_options(all.subspan(kOptions), out, read);
  // RFC 2132 section 9.3.
  if (read.overload & 1) read_options(all.subspan(kFile, kFileSize), out, read);
  if (read.overload & 2) read_options(all.subspan(kName, kNameSize), out, read);
  const auto* named = std::ranges::find(kTypes, read.type, &NamedValue::value);
  if (named != std::end(kTypes)) out.kind = named->name;
  return read.type != 0;
}

extern const PacketDissectorRow kPacketRow;
const PacketDissectorRow kPacketRow{.protocol = &kProtocol,
                                    .selector = {.ipv4_proto = kUdp, .ports = {kServerPort, kClientPort}},
                                    .read = &read_as<&parse, Message>};

}  // namespace lapwing::dhcp
