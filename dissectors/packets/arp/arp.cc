#include "dissectors/packets/arp/arp.h"

#include <algorithm>

namespace lapwing::arp {

namespace {

constexpr uint16_t kEtherType = 0x0806, kEthernet = 1, kIpv4 = 0x0800;
constexpr size_t kSize = 28;

const Table kShapes[] = {columns()};
const RecordRow kRecords[] = {
    {.type = "arp", .help = "an ARP packet", .shapes = kShapes, .on_request = true},
};
const Protocol kProtocol{.name = "arp", .records = kRecords, .help = "address resolution (RFC 826)"};

}  // namespace

bool parse(Bytes bytes, Message& out) {
  if (bytes.size() < kSize) return false;
  out.hardware = load_be16(&bytes[0]);
  out.network = load_be16(&bytes[2]);
  out.operation = load_be16(&bytes[6]);
  if (out.hardware != kEthernet || out.network != kIpv4 || bytes[4] != 6 || bytes[5] != 4) return false;
  std::ranges::copy(bytes.subspan(8, 6), out.sender_mac.begin());
  out.sender = IpAddress::v4(&bytes[14]);
  std::ranges::copy(bytes.subspan(18, 6), out.target_mac.begin());
  out.target = IpAddress::v4(&bytes[24]);
  return true;
}

extern const PacketDissectorRow kPacketRow;
const PacketDissectorRow kPacketRow{
    .protocol = &kProtocol, .selector = {.ether_type = kEtherType}, .read = &read_as<&parse, Message>};

}  // namespace lapwing::arp
