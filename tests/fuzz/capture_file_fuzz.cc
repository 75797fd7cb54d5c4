// Any bytes as a capture: first in one view, then byte ranges growing as a reader would.
#include <cstdlib>

#include "sensor/capture/byte_input.h"
#include "sensor/capture/format.h"

using namespace lapwing;
using namespace lapwing::capture;

namespace {

/// Frames and a digest of them, reading `step` bytes more whenever the format asks.
std::pair<uint64_t, uint64_t> read(Bytes file, size_t step) {
  std::string fault;
  Format format;
  size_t at = 0;
  Magic magic = read_magic(file);
  if (magic == Magic::pcap && file.size() >= PcapFormat::kHeader) {
    auto opened = PcapFormat::open(file, fault);
    if (!opened) return {0, 0};
    format = *opened;
    at = PcapFormat::kHeader;
  } else if (magic == Magic::pcapng && file.size() >= PcapngFormat::kHeader) {
    auto opened = PcapngFormat::open(file, fault);
    if (!opened) return {0, 0};
    format = std::move(*opened);
  } else {
    return {0, 0};
  }
  uint64_t number = 0, digest = 0;
  size_t have = std::min(file.size(), at + step);
  for (;;) {
    Burst burst;
    Fill got = std::visit([&](auto& f) { return f.fill(file.subspan(at, have - at), burst.frames, number); }, format);
    burst.count = got.frames;
    if (got.used > have - at) std::abort();
    for (const Frame& f : burst.view()) {
      digest = digest * 31 + static_cast<uint64_t>(f.time.ns) + f.wire_length;
      for (uint8_t byte : f.data) digest = digest * 31 + byte;
    }
    at += got.used;
    if (burst.count > 0) continue;
    if (!got.fault.empty()) break;
    if (got.skip > 0) {
      if (got.skip > file.size() - at) break;
      at += got.skip;
      have = std::max(have, at);
    } else {
      if (got.need == 0 || got.need > kMaxRecord) std::abort();
      if (got.need <= have - at) std::abort();
      if (have == file.size()) break;
      have = std::min(file.size(), std::max(have + step, at + got.need));
    }
  }
  return {number, digest};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes file{data, size};
  if (read(file, size) != read(file, 7)) std::abort();
  return 0;
}
