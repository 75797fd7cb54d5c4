#include "sensor/verify/plain_packet.h"

#include <algorithm>

#include "sensor/decode/walk.h"

namespace lapwing::verify {
namespace {

constexpr size_t kEthernet = 14;

void put16(std::vector<uint8_t>& bytes, size_t at, size_t value) {
  bytes[at] = static_cast<uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<uint8_t>(value);
}
void put32(std::vector<uint8_t>& bytes, size_t at, uint32_t value) {
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value & 0xffff);
}

Bytes addresses(const HeldFrame& frame, const PlainPacket& packet) {
  return packet.six ? Bytes(frame.bytes).subspan(packet.ip + 8, 32) : Bytes(frame.bytes).subspan(packet.ip + 12, 8);
}

/// Address and port of the sender, or of the receiver.
std::string end_of(const HeldFrame& frame, const PlainPacket& packet, bool sender) {
  const Bytes both = addresses(frame, packet), ports = Bytes(frame.bytes).subspan(packet.transport, 4);
  const size_t half = both.size() / 2;
  return std::string(lapwing::to_text(both.subspan(sender ? 0 : half, half))) +
         std::string(lapwing::to_text(ports.subspan(sender ? 0 : 2, 2)));
}

/// RFC 1071, over `bytes` and what sums up to `start`. The decoder adds words as they lie in memory.
uint16_t internet_checksum(Bytes bytes, uint32_t start = 0) {
  const uint16_t sum = decoding::checksum_sum(bytes, __builtin_bswap32(start));
  return __builtin_bswap16(static_cast<uint16_t>(~sum));
}

void finish(HeldFrame& frame, const PlainPacket& packet) {
  auto& bytes = frame.bytes;
  frame.wire_length = 0;
  const size_t length = bytes.size() - packet.transport;
  if (packet.six) {
    put16(bytes, packet.ip + 4, length);
  } else {
    put16(bytes, packet.ip + 2, bytes.size() - packet.ip);
    put16(bytes, packet.ip + 10, 0);
    put16(bytes, packet.ip + 10, internet_checksum(Bytes(bytes).subspan(packet.ip, packet.transport - packet.ip)));
  }
  if (!packet.tcp) put16(bytes, packet.transport + 4, length);
  const size_t at = packet.transport + (packet.tcp ? 16 : 6);
  put16(bytes, at, 0);
  uint32_t sum = static_cast<uint32_t>(length) + (packet.tcp ? 6 : 17);
  const Bytes both = addresses(frame, packet);
  for (size_t i = 0; i < both.size(); i += 2) sum += load_be16(&both[i]);
  const uint16_t checksum = internet_checksum(Bytes(bytes).subspan(packet.transport), sum);
  put16(bytes, at, checksum || packet.tcp ? checksum : 0xffff);
}

}  // namespace

std::optional<PlainPacket> plain_packet(const HeldFrame& frame) {
  const auto& bytes = frame.bytes;
  constexpr size_t kLeast = kEthernet + 28;
  if (frame.link_type != 1 || bytes.size() < kLeast) return std::nullopt;
  PlainPacket out{.ip = kEthernet};
  const uint16_t type = load_be16(&bytes[12]);
  uint8_t protocol = 0;
  if (type == 0x0800 && bytes[out.ip] == 0x45 && (load_be16(&bytes[out.ip + 6]) & 0x3fff) == 0) {
    out.transport = out.ip + 20;
    out.end = out.ip + load_be16(&bytes[out.ip + 2]);
    protocol = bytes[out.ip + 9];
  } else if (type == 0x86dd && bytes.size() >= kEthernet + 48) {
    out.six = true;
    out.transport = out.ip + 40;
    out.end = out.transport + load_be16(&bytes[out.ip + 4]);
    protocol = bytes[out.ip + 6];
  }
  if (protocol != 6 && protocol != 17) return std::nullopt;
  out.tcp = protocol == 6;
  if (out.end > bytes.size() || out.transport + (out.tcp ? 20 : 8) > out.end) return std::nullopt;
  out.payload = out.transport + (out.tcp ? size_t{bytes[out.transport + 12]} / 16 * 4 : 8);
  if (out.payload > out.end || out.payload < out.transport + 8) return std::nullopt;
  return out;
}

std::string connection_of(const HeldFrame& frame, const PlainPacket& packet) {
  const std::string a = end_of(frame, packet, true), b = end_of(frame, packet, false);
  return std::min(a, b) + std::max(a, b) + (packet.tcp ? 't' : 'u');
}
bool from_first(const HeldFrame& frame, const PlainPacket& packet) {
  return end_of(frame, packet, true) < end_of(frame, packet, false);
}

uint32_t sequence(const HeldFrame& frame, const PlainPacket& packet) {
  return load_be32(&frame.bytes[packet.transport + 4]);
}
uint32_t acknowledged(const HeldFrame& frame, const PlainPacket& packet) {
  return load_be32(&frame.bytes[packet.transport + 8]);
}
uint8_t flags(const HeldFrame& frame, const PlainPacket& packet) {
  return frame.bytes[packet.transport + 13];
}

HeldFrame rewritten(const HeldFrame& frame, const PlainPacket& packet, Bytes payload, uint32_t seq, uint32_t ack,
                    uint8_t tcp_flags) {
  HeldFrame out = frame;
  out.bytes.resize(packet.payload);
  if (packet.tcp) {
    put32(out.bytes, packet.transport + 4, seq);
    put32(out.bytes, packet.transport + 8, ack);
    out.bytes[packet.transport + 13] = tcp_flags;
  }
  out.bytes.insert(out.bytes.end(), payload.begin(), payload.end());
  finish(out, packet);
  return out;
}

HeldFrame answer(const HeldFrame& frame, const PlainPacket& packet, uint32_t seq, uint32_t ack) {
  HeldFrame out = frame;
  auto& bytes = out.bytes;
  const size_t first = packet.ip + (packet.six ? 8 : 12), half = packet.six ? 16 : 4;
  std::swap_ranges(bytes.begin(), bytes.begin() + 6, bytes.begin() + 6);
  std::swap_ranges(&bytes[first], &bytes[first + half], &bytes[first + half]);
  std::swap_ranges(&bytes[packet.transport], &bytes[packet.transport + 2], &bytes[packet.transport + 2]);
  constexpr uint8_t kAck = 0x10;
  // Options such as timestamps stay those of the frame: who compares must allow for none.
  return rewritten(out, packet, {}, seq, ack, kAck);
}

}  // namespace lapwing::verify
