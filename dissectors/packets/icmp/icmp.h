// ICMP (RFC 792), ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and listener discovery (RFC 2710).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dissectors/contract/packet_dissector.h"
#include "sensor/base/ip_address.h"

namespace lapwing::icmp {

/// The packet that an error is about.
struct Quoted {
  IpAddress source, target;
  uint8_t proto = 0;
  std::optional<uint16_t> source_port, target_port;
};

/// RFC 4861 section 4.6, RFC 8106 section 5.1.
struct Option {
  uint8_t type = 0;
  Bytes mac;
  std::optional<IpAddress> prefix;
  std::optional<uint8_t> prefix_length;
  std::optional<uint32_t> lifetime, mtu;
  Bytes servers;  // addresses of 16 bytes
};

/// [W] Views the packet.
struct Message : Transaction {
  std::string_view name;  // of its type, or empty
  uint64_t length = 0;    // bytes behind the 8 of the header
  std::optional<uint16_t> id, seq;
  Bytes data;  // behind them
  std::optional<uint32_t> mtu, pointer;
  std::optional<IpAddress> gateway, group, target, destination;
  bool with_quoted = false;
  Quoted quoted;
  // Of neighbours and routers:
  bool router = false, solicited = false, overriding = false, managed = false, other = false;
  std::optional<uint8_t> hop_limit;
  std::optional<uint16_t> lifetime;  // seconds
  std::string_view preference;       // RFC 4191 section 2.1
  Bytes options;
};

/// False when the header, or what its type has before options, is cut.
bool parse(Bytes bytes, uint8_t ip_version, Message& out);

/// Takes the next off the front; false when there is none that is whole, and then `out` means nothing.
bool next_option(Bytes& rest, Option& out);
bool next_address(Bytes& rest, IpAddress& out);

Table columns();

}  // namespace lapwing::icmp
