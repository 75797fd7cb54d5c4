// The contract of a packet dissector: records of packets that belong to no flow.
#pragma once

#include <cstdint>

#include "sensor/base/bytes.h"
#include "sensor/event/event.h"

namespace lapwing {

/// Where its packets are found: by the type of the network layer, or by the number of what IP carries.
struct PacketSelector {
  uint16_t ether_type = 0;
  uint8_t ip_proto = 0;
};

/// [S] That of a protocol is kPacketRow of its namespace. `read` is given the packet from the selected layer's header
/// on, as it was decoded, and gives a transaction of the thread's own, valid until its next call, or null where the
/// bytes are none of the protocol. Its record is the protocol's first.
struct PacketDissectorRow {
  const Protocol* protocol;
  PacketSelector selector;
  Transaction* (*read)(Bytes bytes);
};

}  // namespace lapwing
