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

namespace {

uint64_t pseudo_sum(const Packet& packet, size_t length, uint8_t proto) {
  size_t size = packet.ip_version == 4 ? 4 : 16;
  uint64_t sum = uint64_t{__builtin_bswap32(static_cast<uint32_t>(length))} + __builtin_bswap32(uint32_t{proto});
  sum += checksum_sum(Bytes(packet.src.bytes).first(size));
  return sum + checksum_sum(Bytes(packet.dst.bytes).first(size));
}

}  // namespace

uint16_t transport_sum(const Packet& packet, Bytes segment, uint8_t proto) {
  return checksum_sum(segment, pseudo_sum(packet, segment.size(), proto));
}

bool unfinished_sum(const Packet& packet, Bytes segment, uint8_t proto, const uint8_t* field) {
  uint16_t sum = 0;
  std::memcpy(&sum, field, sizeof sum);
  return sum == checksum_sum({}, pseudo_sum(packet, segment.size(), proto));
}

}  // namespace lapwing::decoding
