// Reads everything a source gives, with the bytes copied.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sensor/capture/packet_source.h"

namespace lapwing::test {

struct Read {
  std::vector<uint8_t> bytes;
  int64_t ns = 0;
  uint64_t number = 0;
  uint32_t wire_length = 0;
  uint16_t link_type = 0;
  std::string interface, file;

  bool operator==(const Read&) const = default;
};

inline std::vector<Read> read_all(PacketSource& source) {
  std::vector<Read> out;
  auto burst = std::make_unique<Burst>();
  while (source.receive(*burst) == PacketSource::Result::frames) {
    for (const Frame& f : burst->view()) {
      out.push_back({{f.data.begin(), f.data.end()},
                     f.time.ns,
                     f.number,
                     f.wire_length,
                     f.link_type,
                     std::string(source.interface_name(f.interface)),
                     std::string(source.file())});
    }
    source.release(*burst);
  }
  return out;
}

inline std::vector<Read> read_all(const std::vector<std::string>& paths) {
  return read_all(*open_captures(paths, 1)[0]);
}

}  // namespace lapwing::test
