// DHCP over IPv4 (RFC 2131, options of RFC 2132): what servers tell clients to use.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dissectors/contract/packet_dissector.h"
#include "sensor/base/ip_address.h"

namespace lapwing::dhcp {

/// [W] Views the packet.
struct Message : Transaction {
  uint16_t target_port = 0;
  uint32_t id = 0;
  std::string_view kind;  // "offer"; empty where the type has no name
  std::array<uint8_t, 6> client{};
  std::optional<IpAddress> assigned, relay;  // none where they are 0.0.0.0
  std::optional<IpAddress> server;           // what it calls itself
  std::optional<IpAddress> mask;
  Bytes routers, resolvers;  // addresses of 4 bytes
};

/// `bytes` from the header of UDP on. False when the fixed part is cut, for another kind of station than Ethernet, or
/// without a type.
bool parse(Bytes bytes, Message& out);

/// Takes the next off the front; false when there is none that is whole.
bool next_address(Bytes& rest, IpAddress& out);

Table columns();

}  // namespace lapwing::dhcp
