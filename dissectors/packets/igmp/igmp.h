// IGMP (RFC 1112, RFC 2236, RFC 3376).
#pragma once

#include <cstdint>
#include <optional>

#include "dissectors/contract/packet_dissector.h"
#include "sensor/base/ip_address.h"

namespace lapwing::igmp {

/// RFC 3376 section 4.2.4
struct GroupRecord {
  uint8_t type = 0;
  IpAddress group;
  Bytes sources;  // addresses of 4 bytes
};

/// [W] Views the packet.
struct Message : Transaction {
  uint8_t type = 0;
  std::optional<uint8_t> version;  // of a type that one has
  std::optional<IpAddress> group;
  std::optional<uint32_t> max_response;  // of a query: tenths of a second
  // Of a query of version 3:
  bool suppress = false;
  std::optional<uint8_t> robustness;
  std::optional<uint32_t> interval;  // seconds
  Bytes sources;
  Bytes groups;  // of a report of version 3
};

/// False when it is cut.
bool parse(Bytes bytes, Message& out);

/// Takes the next off the front; false when there is none that is whole.
bool next_source(Bytes& rest, IpAddress& out);
bool next_group(Bytes& rest, GroupRecord& out);

Table columns();

}  // namespace lapwing::igmp
