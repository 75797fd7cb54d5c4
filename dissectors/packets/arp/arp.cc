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
/// What the sender says of itself; a probe (RFC 5227 2.1.1) has no address yet, and inverse ARP is about others.
void sightings(const Event& event, SightingSink& sink) {
  constexpr uint16_t kRequest = 1, kReply = 2;
  const auto& message = static_cast<const Message&>(*event.tx);
  if (message.operation != kRequest && message.operation != kReply) return;
  if (message.sender == IpAddress::v4(std::array<uint8_t, 4>{}.data())) return;
  sink.binding({.kind = BindingKind::arp,
                .address = message.sender,
                .station = message.sender_mac,
                .unasked = message.sender == message.target});
}

const Protocol kProtocol{
    .name = "arp", .records = kRecords, .help = "address resolution (RFC 826)", .sightings = &sightings};

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
