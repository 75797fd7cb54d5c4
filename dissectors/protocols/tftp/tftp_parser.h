// TFTP's packets (RFC 1350): pure functions from bytes to message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::tftp {

/// RFC 1350 5; the last is RFC 2347's.
enum class Opcode : uint16_t { none, read, write, data, acknowledgement, error, options };

/// Of a request what is asked for, of its answer what is granted (RFC 2347). Others are passed over.
struct Options {
  std::optional<uint64_t> block_size;     // RFC 2348, bytes
  std::optional<uint64_t> timeout;        // RFC 2349, seconds
  std::optional<uint64_t> transfer_size;  // RFC 2349, bytes; 0 in a read request: what is it?
  std::optional<uint64_t> window_size;    // RFC 7440, blocks
};

/// Views the packet.
struct Packet {
  Opcode opcode = Opcode::none;
  std::string_view file, mode;  // of a request
  uint16_t number = 0;          // of a block, or of an error
  Bytes data;                   // of a block
  std::string_view message;     // of an error
  Options options;
};

/// Nothing where the bytes are no packet.
std::optional<Packet> parse(Bytes bytes);
/// It asks for a transfer in one of the modes that there are.
bool is_request(const Packet& packet);

}  // namespace lapwing::tftp
