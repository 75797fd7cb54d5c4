// Frame and Burst: what a packet source hands to a worker.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/time.h"

namespace lapwing {

/// Whom of the workers that divide a replay a frame concerns.
enum class Claim : uint8_t { everybody, me, another };

/// One captured frame [W]. `data` is borrowed from the source until the burst is released.
struct Frame {
  Bytes data;  // captured bytes
  Timestamp time;
  uint64_t number = 0;       // in the order of the whole replay, from 1
  uint32_t wire_length = 0;  // bytes on the wire, >= data.size()
  uint16_t link_type = 1;    // LINKTYPE_ number (pcap registry)
  uint16_t interface = 0;    // index into the source's interface names
  Claim claim = Claim::everybody;
};

inline constexpr size_t kBurst = 64;

struct Burst {
  std::array<Frame, kBurst> frames;
  size_t count = 0;

  std::span<const Frame> view() const { return {frames.data(), count}; }
};

}  // namespace lapwing
