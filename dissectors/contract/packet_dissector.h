// The contract of a packet dissector: records of single packets, each by itself, on request.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include "sensor/base/bytes.h"
#include "sensor/base/per_thread.h"
#include "sensor/event/event.h"

namespace lapwing {

/// Where its packets are found: by the type of the network layer, or by the number of what IPv4 and IPv6 carry, and
/// then, where `ports` has any, by one of them at either end.
struct PacketSelector {
  uint16_t ether_type = 0;
  uint8_t ipv4_proto = 0, ipv6_proto = 0;
  std::array<uint16_t, 3> ports = {};

  bool of_port(uint16_t port) const {
    return ports[0] == 0 || (port != 0 && std::ranges::find(ports, port) != ports.end());
  }
};

/// [S] That of a protocol is kPacketRow of its namespace. `read` is given the packet from the selected layer's header
/// on, as it was decoded, and the version of IP that carries it, or 0. It gives a transaction of the thread's own,
/// which views the bytes and is valid until the next call, or null where they are none of the protocol. Its record, at
/// most one a packet, is the protocol's first, if it has any; its addresses are those of the packet, its flow_id that
/// of the flow that the packet counts for, where it has one, as other records of that flow show it.
struct PacketDissectorRow {
  const Protocol* protocol;
  PacketSelector selector;
  Transaction* (*read)(Bytes bytes, uint8_t ip_version);
};

/// What a datagram (RFC 768) carries.
struct Datagram {
  uint16_t source = 0, target = 0;
  Bytes payload;
};
/// False where its header is cut. `bytes` begin with it.
inline bool read_datagram(Bytes bytes, Datagram& out) {
  constexpr size_t kHeader = 8;
  if (bytes.size() < kHeader) return false;
  const size_t size = load_be16(&bytes[4]);
  out = {load_be16(&bytes[0]), load_be16(&bytes[2]), bytes.subspan(kHeader)};
  if (size >= kHeader && size < bytes.size()) out.payload = out.payload.first(size - kHeader);
  return true;
}

/// `read` by a parser of the protocol's messages, which takes the version where it asks for it.
template <auto Parse, class Message>
Transaction* read_as(Bytes bytes, [[maybe_unused]] uint8_t ip_version) {
  Message& message = per_thread([] { return Message(); });
  if constexpr (std::is_invocable_v<decltype(Parse), Bytes, uint8_t, Message&>) {
    return Parse(bytes, ip_version, message) ? &message : nullptr;
  } else {
    return Parse(bytes, message) ? &message : nullptr;
  }
}

}  // namespace lapwing
