#include <algorithm>

#include "sensor/capture/format.h"

namespace lapwing::capture {
namespace {

enum PcapMagic : uint32_t { kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d, kKuznetzov = 0xa1b2cd34 };

bool is_pcap(uint32_t magic) {
  return magic == kMicroseconds || magic == kNanoseconds || magic == kKuznetzov;
}

}  // namespace

Magic read_magic(Bytes start) {
  if (start.size() < 4) return Magic::none;
  uint32_t magic = Order().u32(start.data());
  if (is_pcap(magic) || is_pcap(__builtin_bswap32(magic))) return Magic::pcap;
  if (magic == 0x0a0d0d0a) return Magic::pcapng;
  if (start[0] == 0x1f && start[1] == 0x8b) return Magic::gzip;
  if (magic == 0xfd2fb528) return Magic::zstd;
  return Magic::none;
}

std::optional<PcapFormat> PcapFormat::open(Bytes header, std::string& fault) {
  PcapFormat f;
  uint32_t magic = Order().u32(header.data());
  f.order_.swapped = !is_pcap(magic);
  magic = f.order_.u32(header.data());
  if (magic == kNanoseconds) f.to_ns_ = 1;
  if (magic == kKuznetzov) f.record_header_ = 24;
  uint16_t major = f.order_.u16(&header[4]), minor = f.order_.u16(&header[6]);
  bool legacy_dg_ux = major == 543 && minor == 0;
  if (major != 2 && !legacy_dg_ux) {
    fault = "pcap version " + std::to_string(major) + "." + std::to_string(minor) + " is not known";
    return std::nullopt;
  }
  // Writers before 2.3 put the two lengths the other way round; some of 2.3 did.
  if (minor < 3) f.lengths_ = Lengths::swapped;
  if (minor == 3) f.lengths_ = Lengths::guess;
  if (legacy_dg_ux) f.lengths_ = Lengths::swapped;
  uint32_t snaplen = f.order_.u32(&header[16]);
  f.snaplen_ = snaplen == 0 || snaplen > kMaxFrame ? kMaxFrame : snaplen;
  f.link_type_ = static_cast<uint16_t>(f.order_.u32(&header[20]));  // the upper half says how long the FCS is
  return f;
}

Fill PcapFormat::fill(Bytes view, std::span<Frame> room, uint64_t& number) const {
  Fill out;
  while (out.frames < room.size()) {
    Bytes left = view.subspan(out.used);
    if (left.size() < record_header_) {
      out.need = record_header_;
      break;
    }
    uint32_t captured = order_.u32(&left[8]), length = order_.u32(&left[12]);
    if (lengths_ == Lengths::swapped || (lengths_ == Lengths::guess && captured > length)) std::swap(captured, length);
    if (captured > kMaxFrame) {
      out.fault = "record of " + std::to_string(captured) + " bytes, more than " + std::to_string(kMaxFrame);
      break;
    }
    size_t size = record_header_ + captured;
    if (left.size() < size) {
      out.need = size;
      break;
    }
    // The next record's header is a cache miss of its own; its place is known now.
    __builtin_prefetch(left.data() + size + 512);
    Frame& frame = room[out.frames++];
    frame.data = left.subspan(record_header_, std::min(captured, snaplen_));
    frame.time = Timestamp::from_seconds(order_.u32(&left[0]), int64_t{order_.u32(&left[4])} * to_ns_);
    frame.number = ++number;
    frame.wire_length = std::max(length, static_cast<uint32_t>(frame.data.size()));
    frame.link_type = link_type_;
    frame.interface = 0;
    out.used += size;
  }
  return out;
}

}  // namespace lapwing::capture
