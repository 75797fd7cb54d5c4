#include "dissectors/packets/sctp/sctp.h"

#include <algorithm>

namespace lapwing::sctp {

namespace {

constexpr uint8_t kSctp = 132;
constexpr size_t kHeader = 12, kChunkHeader = 4;
constexpr size_t kInitSize = 16, kDataSize = 12, kIDataSize = 16;  // of values, before parameters and data
constexpr uint8_t kBeginning = 2;                                  // flag of I_DATA
constexpr size_t kMostEntries = 512;  // of lists in a record: more than a packet of 1500 bytes holds

const Table kShapes[] = {columns()};
const RecordRow kRecords[] = {
    {.type = "sctp", .help = "a packet of SCTP", .shapes = kShapes, .on_request = true},
};
const Protocol kProtocol{
    .name = "sctp", .records = kRecords, .help = "chunks of SCTP (RFC 9260)", .most_entries = kMostEntries};

}  // namespace

bool next_chunk(Bytes& rest, Chunk& out) {
  if (rest.size() < kChunkHeader) return false;
  const size_t length = load_be16(&rest[2]);
  if (length < kChunkHeader || length > rest.size()) return false;
  out = {.type = rest[0], .flags = rest[1], .value = rest.subspan(kChunkHeader, length - kChunkHeader)};
  rest = rest.subspan(std::min(rest.size(), (length + 3) & ~size_t{3}));
  return true;
}

bool next_data(Bytes& rest, Data& out) {
  for (Chunk chunk; next_chunk(rest, chunk);) {
    const Bytes value = chunk.value;
    if (chunk.type == kData && value.size() >= kDataSize) {
      out = {.ppid = load_be32(&value[8]), .stream = load_be16(&value[4]), .size = value.size() - kDataSize};
      return true;
    }
    if (chunk.type == kIData && value.size() >= kIDataSize) {
      out = {.stream = load_be16(&value[4]), .size = value.size() - kIDataSize};
      if (chunk.flags & kBeginning) out.ppid = load_be32(&value[12]);
      return true;
    }
  }
  return false;
}

bool parse(Bytes bytes, Message& out) {
  if (bytes.size() < kHeader) return false;
  out = Message();
  out.tag = load_be32(&bytes[4]);
  out.chunks = bytes.subspan(kHeader);
  Bytes rest = out.chunks;
  for (Chunk chunk; next_chunk(rest, chunk); ++out.count) {
    out.has_data |= chunk.type == kData || chunk.type == kIData;
    out.has_abort |= chunk.type == kAbort;
    out.has_init |= chunk.type == kInit;
    out.has_init_ack |= chunk.type == kInitAck;
    if (chunk.type != kInit && chunk.type != kInitAck) continue;
    const Bytes value = chunk.value;
    if (out.with_init || value.size() < kInitSize) continue;
    out.with_init = true;
    out.init = {.tag = load_be32(&value[0]),
                .window = load_be32(&value[4]),
                .tsn = load_be32(&value[12]),
                .outbound = load_be16(&value[8]),
                .inbound = load_be16(&value[10])};
  }
  return true;
}

extern const PacketDissectorRow kPacketRow;
const PacketDissectorRow kPacketRow{
    .protocol = &kProtocol, .selector = {.ipv4_proto = kSctp, .ipv6_proto = kSctp}, .read = &read_as<&parse, Message>};

}  // namespace lapwing::sctp
