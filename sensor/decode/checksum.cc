#include <cstring>

#include "sensor/decode/walk.h"

namespace lapwing::decoding {

uint16_t checksum_sum(Bytes bytes, uint64_t start) {
  // The sum is independent of byte order (RFC 1071 section 2), so 32-bit words are added as they lie in memory.
  uint64_t sum = start;
  const uint8_t* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    uint32_t words[2];
    std::memcpy(words, p, 8);
    sum += uint64_t{words[0]} + words[1];
  }
  uint32_t tail[2] = {0, 0};
  if (left) std::memcpy(tail, p, left);
  sum += uint64_t{tail[0]} + tail[1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

uint16_t transport_sum(const Packet& packet, Bytes segment, uint8_t proto) {
  size_t size = packet.ip_version == 4 ? 4 : 16;
  uint64_t sum = uint64_t{__builtin_bswap32(static_cast<uint32_t>(segment.size()))} + __builtin_bswap32(uint32_t{proto});
  sum += checksum_sum(Bytes(packet.src.bytes).first(size));
  sum += checksum_sum(Bytes(packet.dst.bytes).first(size));
  return checksum_sum(segment, sum);
}

}  // namespace lapwing::decoding
