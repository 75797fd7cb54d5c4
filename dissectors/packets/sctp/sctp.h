// SCTP (RFC 9260): the chunks of a packet.
#pragma once

#include <cstdint>
#include <optional>

#include "dissectors/contract/packet_dissector.h"

namespace lapwing::sctp {

enum ChunkType : uint8_t { kData = 0, kInit = 1, kInitAck = 2, kAbort = 6, kIData = 64 };

struct Chunk {
  uint8_t type = 0, flags = 0;
  Bytes value;  // without padding
};

/// Of INIT and INIT_ACK (RFC 9260 sections 3.3.2 and 3.3.3).
struct Init {
  uint32_t tag = 0, window = 0, tsn = 0;
  uint16_t outbound = 0, inbound = 0;
};

/// Of DATA and I_DATA (RFC 9260 section 3.3.1, RFC 8260 section 2.1).
struct Data {
  std::optional<uint32_t> ppid;
  uint16_t stream = 0;
  uint64_t size = 0;
};

/// [W] Views the packet.
struct Message : Transaction {
  uint32_t tag = 0;
  uint64_t count = 0;
  bool has_abort = false, has_data = false, has_init = false, has_init_ack = false, with_init = false;
  Init init;  // of the first, `with_init`
  Bytes chunks;
};

/// False when the common header is cut. What follows a broken chunk is left out.
bool parse(Bytes bytes, Message& out);

/// Takes the next off the front; false when there is none that is whole.
bool next_chunk(Bytes& rest, Chunk& out);
/// The same of chunks with data alone. That of a message's later fragments has no ppid in I_DATA.
bool next_data(Bytes& rest, Data& out);

Table columns();

}  // namespace lapwing::sctp
