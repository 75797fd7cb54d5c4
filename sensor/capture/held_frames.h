// HeldFrame: captured frames in memory, to be cut anew, moved in time or joined, and looked at more than once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/frame.h"
#include "sensor/capture/packet_source.h"

namespace lapwing {

/// A frame with bytes of its own, which what is decoded from it borrows.
struct HeldFrame {
  std::vector<uint8_t> bytes;
  uint16_t link_type = 1;
  uint32_t wire_length = 0;  // 0: as many as bytes
  Timestamp time;
  uint64_t number = 1;

  Frame frame() const {
    return {.data = bytes,
            .time = time,
            .number = number,
            .wire_length = wire_length ? wire_length : static_cast<uint32_t>(bytes.size()),
            .link_type = link_type};
  }
  operator Frame() const { return frame(); }
};

/// All frames of the captures at `paths` (open_captures), one behind the other; what could not be read to its end is
/// added to `errors`. Throws std::runtime_error when a path is missing.
std::vector<HeldFrame> read_frames(const std::vector<std::string>& paths, std::vector<CaptureError>& errors);

/// One source a worker, each of which sees all of `frames`; they outlive the sources.
std::vector<std::unique_ptr<PacketSource>> replay_frames(std::span<const HeldFrame> frames, size_t workers);

}  // namespace lapwing
