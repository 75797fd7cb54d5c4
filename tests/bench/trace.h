// The captures that benchmarks work on: those of pcaps/, or the one that LAPWING_BENCH_CAPTURES names.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "sensor/capture/packet_source.h"

namespace lapwing {

inline std::vector<std::string> captures() {
  const char* other = std::getenv("LAPWING_BENCH_CAPTURES");
  return {other ? other : "pcaps"};
}

/// All frames with their bytes, in memory.
struct Trace {
  Trace() {
    auto sources = open_captures(captures(), 1);
    Burst burst;
    while (sources[0]->receive(burst) == PacketSource::Result::frames) {
      for (const Frame& frame : burst.view()) {
        kept.emplace_back(frame.data.begin(), frame.data.end());
        frames.push_back(frame);
      }
      sources[0]->release(burst);
    }
    for (size_t i = 0; i < frames.size(); ++i) frames[i].data = kept[i];
  }
  std::vector<std::vector<uint8_t>> kept;
  std::vector<Frame> frames;
};

inline const Trace& trace() {
  static const Trace read;
  return read;
}

}  // namespace lapwing
