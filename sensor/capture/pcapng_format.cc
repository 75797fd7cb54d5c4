// pcapng as the IETF draft (draft-ietf-opsawg-pcapng) describes it.
#include <algorithm>
#include <cstring>
#include <limits>

#include "sensor/capture/byte_input.h"
#include "sensor/capture/format.h"

namespace lapwing::capture {
namespace {

enum BlockType : uint32_t {
  kInterface = 1,
  kObsoletePacket = 2,
  kSimplePacket = 3,
  kEnhancedPacket = 6,
  kSection = 0x0a0d0d0a
};
constexpr uint32_t kByteOrder = 0x1a2b3c4d;
constexpr uint64_t kNanosecond = 1'000'000'000;

/// Names, statistics, system journal, secrets.
bool holds_no_packet(uint32_t type) {
  return type == 4 || type == 5 || type == 9 || type == 10;
}

}  // namespace

std::optional<PcapngFormat> PcapngFormat::open(Bytes header, std::string& fault) {
  PcapngFormat f;
  if (!f.section(header, fault)) return std::nullopt;
  return f;
}

bool PcapngFormat::section(Bytes block, std::string& fault) {
  Order as_is;
  uint32_t magic = as_is.u32(&block[8]);
  if (magic != kByteOrder && magic != __builtin_bswap32(kByteOrder)) {
    fault = "section header without a byte order";
    return false;
  }
  order_.swapped = magic != kByteOrder;
  uint16_t major = order_.u16(&block[12]), minor = order_.u16(&block[14]);
  if (major != 1 || (minor != 0 && minor != 2)) {
    fault = "pcapng version " + std::to_string(major) + "." + std::to_string(minor) + " is not known";
    return false;
  }
  section_start_ = interfaces_.size();
  return true;
}

bool PcapngFormat::interface(Bytes block, std::string& fault) {
  if (block.size() < 20) {
    fault = "interface block of " + std::to_string(block.size()) + " bytes";
    return false;
  }
  if (interfaces_.size() == kMaxInterfaces) {
    fault = "more than " + std::to_string(kMaxInterfaces) + " interfaces";
    return false;
  }
  Interface out;
  out.link_type = order_.u16(&block[8]);
  uint32_t snaplen = order_.u32(&block[12]);
  if (snaplen != 0 && snaplen < kMaxFrame) out.snaplen = snaplen;
  for (Bytes options = block.subspan(16, block.size() - 20); options.size() >= 4;) {
    uint16_t code = order_.u16(&options[0]), length = order_.u16(&options[2]);
    if (code == 0) break;
    if (length > options.size() - 4) {
      fault = "interface option longer than its block";
      return false;
    }
    Bytes value = options.subspan(4, length);
    if (code == 2) out.name = std::string(to_text(value.first(std::min<size_t>(value.size(), 256))));
    if (code == 9 && length == 1) out.resolution = value[0];
    if (code == 14 && length == 8) {
      uint64_t offset;
      std::memcpy(&offset, value.data(), 8);
      out.offset = static_cast<int64_t>(order_.swapped ? __builtin_bswap64(offset) : offset);
    }
    options = options.subspan(std::min<size_t>(4 + (length + 3u) / 4 * 4, options.size()));
  }
  interfaces_.push_back(std::move(out));
  return true;
}

/// Saturates: a resolution and a count may name a time outside of the range of Timestamp.
Timestamp PcapngFormat::time(const Interface& interface, uint64_t units) const {
  using Wide = __int128;
  Wide ns = 0;
  unsigned exponent = interface.resolution & 0x7f;
  if (interface.resolution & 0x80) {
    uint64_t seconds = exponent < 64 ? units >> exponent : 0;
    uint64_t fraction = exponent < 64 ? units & ((uint64_t{1} << exponent) - 1) : units;
    ns = Wide{seconds} * kNanosecond;
    // A unit of 2^-64 s and less is never a nanosecond worth keeping beyond 64 bits of fraction.
    if (exponent <= 64) ns += static_cast<Wide>((static_cast<unsigned __int128>(fraction) * kNanosecond) >> exponent);
  } else {
    ns = units;
    for (unsigned i = exponent; i < 9; ++i) ns *= 10;
    for (unsigned i = 9; i < exponent && ns != 0; ++i) ns /= 10;
  }
  ns += Wide{interface.offset} * kNanosecond;
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  return {static_cast<int64_t>(std::clamp<Wide>(ns, -Wide{kMax}, kMax))};
}

bool PcapngFormat::packet(uint32_t type, Bytes block, Frame& frame, uint64_t& number, std::string& fault) const {
  bool simple = type == kSimplePacket;
  size_t header = simple ? 12 : 28;
  if (block.size() < header + 4) {
    fault = "packet block of " + std::to_string(block.size()) + " bytes";
    return false;
  }
  size_t id = simple ? 0 : type == kObsoletePacket ? order_.u16(&block[8]) : order_.u32(&block[8]);
  if (id >= interfaces_.size() - section_start_) {
    fault = "packet of interface " + std::to_string(id) + ", which the section does not describe";
    return false;
  }
  const Interface& interface = interfaces_[section_start_ + id];
  size_t room = block.size() - header - 4;
  uint32_t length = simple ? order_.u32(&block[8]) : order_.u32(&block[24]);
  uint32_t captured = simple ? std::min(length, interface.snaplen) : order_.u32(&block[20]);
  if (captured > room || captured > kMaxFrame) {
    fault = "packet of " + std::to_string(captured) + " bytes in a block of " + std::to_string(block.size());
    return false;
  }
  frame.data = block.subspan(header, std::min(captured, interface.snaplen));
  frame.time = simple ? Timestamp{} : time(interface, uint64_t{order_.u32(&block[12])} << 32 | order_.u32(&block[16]));
  frame.number = ++number;
  frame.wire_length = std::max(length, static_cast<uint32_t>(frame.data.size()));
  frame.link_type = interface.link_type;
  frame.interface = static_cast<uint16_t>(section_start_ + id);
  return true;
}

Fill PcapngFormat::fill(Bytes view, std::span<Frame> room, uint64_t& number) {
  Fill out;
  while (out.frames < room.size()) {
    Bytes left = view.subspan(out.used);
    if (left.size() < 12) {
      out.need = 12;
      break;
    }
    uint32_t type = order_.u32(&left[0]);
    Order order = order_;
    if (type == kSection) {  // it brings its own byte order
      uint32_t magic = Order{}.u32(&left[8]);
      order.swapped = magic == __builtin_bswap32(kByteOrder);
    }
    uint64_t length = order.u32(&left[4]);
    if (length < 12 || length % 4 != 0 || (type == kSection && length < 28)) {
      out.fault = "block of " + std::to_string(length) + " bytes";
      break;
    }
    bool read = type == kSection || type == kInterface || type == kObsoletePacket || type == kSimplePacket ||
                type == kEnhancedPacket;
    if (!read) {
      // One to be skipped behind frames comes up again with the next call.
      const bool again = left.size() < length && out.frames > 0;
      if (!holds_no_packet(type) && !again && out.unknown_blocks++ == 0) out.unknown_block = type;
      if (left.size() < length) {
        out.skip = length;
        break;
      }
      out.used += length;
      continue;
    }
    if (length > kMaxRecord) {
      out.fault = "block of " + std::to_string(length) + " bytes, more than " + std::to_string(kMaxRecord);
      break;
    }
    if (left.size() < length) {
      out.need = length;
      break;
    }
    Bytes block = left.first(length);
    if (order.u32(&block[length - 4]) != length) {
      out.fault = "block whose two lengths differ";
      break;
    }
    bool holds_packet = type != kSection && type != kInterface;
    bool good = type == kSection     ? section(block, out.fault)
                : type == kInterface ? interface(block, out.fault)
                                     : packet(type, block, room[out.frames], number, out.fault);
    if (!good) break;
    out.frames += holds_packet;
    out.used += length;
  }
  return out;
}

}  // namespace lapwing::capture
