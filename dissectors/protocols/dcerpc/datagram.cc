#include "dissectors/protocols/dcerpc/datagram.h"

namespace lapwing::dcerpc {

/// C706 12.5.3.
bool Datagram::sent_by(Direction direction) const {
  switch (type) {
    case Type::request:
    case Type::ping:
    case Type::ack:
    case Type::cl_cancel: return direction == Direction::to_server;
    case Type::response:
    case Type::fault:
    case Type::working:
    case Type::nocall:
    case Type::reject:
    case Type::cancel_ack: return direction == Direction::to_client;
    case Type::fack: return true;
    default: return false;
  }
}

std::optional<Datagram> parse_datagram(Bytes bytes) {
  if (bytes.size() < Datagram::kHeader) return {};
  const uint8_t* const p = bytes.data();
  constexpr uint8_t kVersion = 4, kMostFloat = 3, kReservedFlags = 0xfc;
  // Byte order and characters are each 0 or 1 (C706 14.1).
  const bool known =
      p[0] == kVersion && p[1] < kLastType && (p[3] & kReservedFlags) == 0 && (p[4] & 0xee) == 0 && p[5] <= kMostFloat;
  if (!known) return {};
  Datagram out;
  out.type = static_cast<Type>(p[1]);
  out.flags = p[2];
  out.little = (p[4] & 0x10) != 0;
  OrderedReader reader(bytes, out.little);
  reader.skip(8);
  out.object = reader.uuid();
  out.interface = reader.uuid();
  out.activity = reader.uuid();
  reader.skip(4);  // when the server was started
  const uint32_t version = reader.u32();
  out.major = static_cast<uint16_t>(version);
  out.minor = static_cast<uint16_t>(version >> 16);
  out.sequence = reader.u32();
  out.operation = reader.u16();
  reader.skip(4);  // hints
  const uint16_t size = reader.u16();
  out.fragment = reader.u16();
  reader.skip(2);  // kind of verifier, serial number
  out.body = reader.bytes(size);
  return reader.ok() ? std::optional(out) : std::nullopt;
}

}  // namespace lapwing::dcerpc
