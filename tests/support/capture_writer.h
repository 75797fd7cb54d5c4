// Capture files for tests: bytes of a pcap file, and a place on disk that goes away again.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/packet_builder.h"

namespace lapwing::test {

struct PcapOptions {
  bool nanoseconds = false, swapped = false, kuznetzov = false;
  uint32_t snaplen = 262144;
  int link_type = -1;  // that of the first frame
};

std::vector<uint8_t> pcap_file(std::span<const BuiltFrame> frames, const PcapOptions& options = {});

/// A directory below the system's temporary one, removed with all in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string path(std::string_view name) const;
  /// Writes a file and returns its path.
  std::string write(std::string_view name, Bytes bytes) const;

 private:
  std::string root_;
};

}  // namespace lapwing::test
