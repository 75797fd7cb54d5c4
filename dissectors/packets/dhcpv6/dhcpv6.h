// DHCP over IPv6 (RFC 8415, resolvers of RFC 3646): what servers tell clients to use.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dissectors/contract/packet_dissector.h"
#include "sensor/base/ip_address.h"

namespace lapwing::dhcpv6 {

/// [W] Views the packet.
struct Message : Transaction {
  uint16_t target_port = 0;
  uint32_t id = 0;
  std::string_view kind;                         // "advertise"
  std::optional<std::array<uint8_t, 6>> client;  // its station, where its DUID is made of one
  std::optional<IpAddress> assigned;             // the first
  Bytes resolvers;                               // addresses of 16 bytes
};

/// `bytes` from the header of UDP on. False for what relays say to servers and are told by them.
bool parse(Bytes bytes, Message& out);

/// Takes the next off the front; false when there is none that is whole.
bool next_address(Bytes& rest, IpAddress& out);

Table columns();

}  // namespace lapwing::dhcpv6
