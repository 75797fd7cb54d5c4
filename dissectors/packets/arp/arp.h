// ARP for Ethernet and IPv4 (RFC 826), and its reverse (RFC 903).
#pragma once

#include <array>
#include <cstdint>

#include "dissectors/contract/packet_dissector.h"
#include "sensor/base/ip_address.h"

namespace lapwing::arp {

/// [W]
struct Message : Transaction {
  uint16_t hardware = 0, network = 0, operation = 0;
  std::array<uint8_t, 6> sender_mac{}, target_mac{};
  IpAddress sender, target;
};

/// False when it is cut, or of other kinds of addresses.
bool parse(Bytes bytes, Message& out);

Table columns();

}  // namespace lapwing::arp
