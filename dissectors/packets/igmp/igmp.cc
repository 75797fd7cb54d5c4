#include "dissectors/packets/igmp/igmp.h"

#include <algorithm>

namespace lapwing::igmp {

namespace {

constexpr uint8_t kIgmp = 2;
constexpr uint8_t kQuery = 0x11, kReport1 = 0x12, kReport2 = 0x16, kLeave = 0x17, kReport3 = 0x22;
constexpr size_t kHeader = 8, kQuery3 = 12, kAddress = 4;
constexpr size_t kMostEntries = 512;  // of lists in a record: more than a packet of 1500 bytes holds

/// Max Resp Code and QQIC from 128 on have an exponent (RFC 3376 sections 4.1.1 and 4.1.7).
uint32_t scaled(uint8_t code) {
  return code < 128 ? code : ((code & 15u) | 16u) << ((code >> 4 & 7) + 3);
}

bool parse_query(Bytes bytes, Message& out) {
  out.group = IpAddress::v4(&bytes[4]);
  if (bytes.size() < kQuery3) {
    out.version = bytes[1] ? 2 : 1;
    out.max_response = bytes[1];
    return bytes.size() == kHeader;
  }
  out.version = 3;
  out.max_response = scaled(bytes[1]);
  out.suppress = bytes[8] & 8;
  out.robustness = bytes[8] & 7;
  out.interval = scaled(bytes[9]);
  const size_t size = kAddress * load_be16(&bytes[10]);
  if (bytes.size() - kQuery3 < size) return false;
  out.sources = bytes.subspan(kQuery3, size);
  return true;
}

bool parse_report(Bytes bytes, Message& out) {
  out.version = 3;
  Bytes rest = bytes.subspan(kHeader);
  GroupRecord group;
  for (size_t left = load_be16(&bytes[6]); left > 0; --left) {
    if (!next_group(rest, group)) return false;
  }
  out.groups = bytes.subspan(kHeader, bytes.size() - kHeader - rest.size());
  return true;
}

const Table kShapes[] = {columns()};
const RecordRow kRecords[] = {
    {.type = "igmp", .help = "a message of IGMP", .shapes = kShapes, .on_request = true},
};
const Protocol kProtocol{.name = "igmp",
                         .records = kRecords,
                         .help = "membership of multicast groups (RFC 3376)",
                         .most_entries = kMostEntries};

}  // namespace

bool next_source(Bytes& rest, IpAddress& out) {
  if (rest.size() < kAddress) return false;
  out = IpAddress::v4(rest.data());
  rest = rest.subspan(kAddress);
  return true;
}

bool next_group(Bytes& rest, GroupRecord& out) {
  if (rest.size() < kHeader) return false;
  const size_t sources = kAddress * load_be16(&rest[2]), more = kAddress * rest[1];
  if (rest.size() - kHeader < sources + more) return false;
  out = {.type = rest[0], .group = IpAddress::v4(&rest[4]), .sources = rest.subspan(kHeader, sources)};
  rest = rest.subspan(kHeader + sources + more);
  return true;
}

bool parse(Bytes bytes, Message& out) {
  if (bytes.size() < kHeader) return false;
  out = Message();
  out.type = bytes[0];
  switch (out.type) {
    case kQuery: return parse_query(bytes, out);
    case kReport3: return parse_report(bytes, out);
    case kReport1:
    case kReport2:
    case kLeave:
      out.version = out.type == kReport1 ? 1 : 2;
      out.group = IpAddress::v4(&bytes[4]);
      return true;
    default: return true;
  }
}

extern const PacketDissectorRow kPacketRow;
const PacketDissectorRow kPacketRow{
    .protocol = &kProtocol, .selector = {.ipv4_proto = kIgmp}, .read = &read_as<&parse, Message>};

}  // namespace lapwing::igmp
